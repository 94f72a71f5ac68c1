#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is the JSON in what guest-cli.sh has printed what objcache(1) says it is?

  json_test.py LOG

The last line is `cli_test: PASS ...` or `cli_test: FAIL ...`.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import stats  # pylint: disable=wrong-import-position

KEYS = [name for name, meaning in stats.entries()]


class Wrong(Exception):
    pass


def expect(what, value, wanted):
    if value != wanted:
        raise Wrong(f"{what} is {value!r}, not {wanted!r}")


def integers(value):
    """No number is another kind of number."""
    if isinstance(value, float):
        raise Wrong(f"{value} is no integer")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        integers(part)


def look_at_list(answer):
    for cache in answer["caches"]:
        if cache["hit_permille"] > 1000 or not cache["size_bytes"]:
            raise Wrong(f"{cache}")


def look_at_stat(answer):
    for cache in answer["caches"]:
        expect("keys", sorted(set(KEYS) - set(cache["stats"])), [])
        expect("delta's interval", "interval_ms" in cache, cache["delta"])
        for cpu in cache.get("cpus", ()):
            expect(f"keys of CPU {cpu['cpu']} that stat has not", sorted(set(cpu) - set(cache["stats"])), ["cpu"])


def look_at_top(answer):
    expect("busiest first", answer["caches"], sorted(answer["caches"], key=lambda cache: -cache["gets_per_second"]))


def look_at_map(answer):
    expect("objects", answer["objects"], sum(pair["objects"] for pair in answer["pairs"]))
    expect("magazines", answer["magazines"], sum(pair["magazines"] for pair in answer["pairs"]))
    expect("within nodes", answer["within_node_objects"],
           sum(pair["objects"] for pair in answer["pairs"] if pair["thief_node"] == pair["victim_node"]))
    expect("steals from oneself", [pair for pair in answer["pairs"] if pair["thief_cpu"] == pair["victim_cpu"]], [])
    if not answer["objects"]:
        raise Wrong("nothing was stolen")


def look_at_trace(answer):
    if not answer["cache"] or not answer["nr"] or not answer["time_us"]:
        raise Wrong(f"{answer}")


def look_at_check(answer):
    for cache in answer["caches"]:
        expect(f"{cache['name']}'s checks", {check["verdict"] for check in cache["checks"]}, {"fine"})


def look_at_stress(answer):
    expect("verdict", (answer["verdict"], answer["reason"], answer["violations"]), ("PASS", "", 0))
    if not answer["handle_pairs"] or not answer["hardirq_pairs"]:
        raise Wrong(f"{answer}")


def look_at_doctor(answer):
    expect("problems", answer["problems"], sum(finding["status"] == "problem" for finding in answer["findings"]))


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    seen = {}
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        for line in log:
            if not line.startswith('{"schema":'):
                continue
            try:
                answer = json.loads(line)
                expect("schema", answer["schema"], 1)
                integers(answer)
                globals()["look_at_" + answer["subcommand"]](answer)
            except (ValueError, KeyError, Wrong) as error:
                print(f"cli_test: FAIL {type(error).__name__}: {error}: {line[:300]}")
                return 1
            seen[answer["subcommand"]] = seen.get(answer["subcommand"], 0) + 1
    missing = [name[8:] for name in globals() if name.startswith("look_at_") and name[8:] not in seen]
    if missing:
        print(f"cli_test: FAIL no JSON of {' '.join(missing)}")
        return 1
    print("cli_test: PASS " + ", ".join(f"{nr} of {name}" for name, nr in seen.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
