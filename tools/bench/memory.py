# SPDX-License-Identifier: GPL-2.0
"""What caches cost and give back, of the figures that guest-memory.sh took in several VMs."""

PAGE = 4096
WORDS = ("kind", "size", "parked", "batch", "caches", "cpus", "possible")
# CPUs online, and possible ones, of the VMs that tools/bench.sh boots for it.
FEW, MORE, SPARE, ALL_STATES = (2, 2), (10, 10), (2, 34), (4, 4)
LATER = {"parked": "after-none", "aged": "after-aging", "drained": "after-drain"}
WAIT = 10
CONDITIONS = ("bytes per cache and CPU, as the growth of Slab + Percpu + VmallocUsed over many caches; pages of the "
              "objects excluded. aged and drained: 10 s later; a magazine that is the last in its slab page is charged "
              "the whole page. absent: per possible CPU that was never started")


def read_fields(fields):
    row = dict(zip(WORDS, fields))
    row.update((word, int(row[word])) for word in WORDS[1:])
    return row


def read_logs(paths):
    """(states, returned): all rows of these logs."""
    states, returned = [], []
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                word, *fields = line.split() or [""]
                if word == "memory":
                    before, now, pages, magazines = map(int, fields[8:])
                    states.append(dict(read_fields(fields), state=fields[7], objects=pages * PAGE,
                                       magazines=magazines, bytes=(now - before) * 1024 - pages * PAGE))
                elif word == "returned":
                    returned.append(dict(read_fields(fields), way=fields[7], pages=int(fields[8]),
                                         left=int(fields[9])))
    return states, returned


def difference(one, other, count):
    """Bytes of a cache for each of `count` CPUs that the first VM has more."""
    return (one["bytes"] - other["bytes"]) / (count * one["caches"]) if one and other else None


def share(row, figure):
    return row and row[figure] / (row["caches"] * row["cpus"])


def measured(paths):
    """{"per_cpu": [...], "returned": [...]} of the logs."""
    states, returned = read_logs(paths)
    caches = {}
    for row in states:
        of = caches.setdefault((row["kind"], row["size"], row["parked"], row["batch"]), {})
        of[row["cpus"], row["possible"], row["state"]] = row
    return {"per_cpu": [per_cpu(cache, rows) for cache, rows in caches.items()], "returned": returned}


def per_cpu(cache, rows):
    """One cache: fresh by comparing VMs, later states beside what it was when fresh in the same one."""
    few, more, spare = (rows.get((*vm, "fresh")) for vm in (FEW, MORE, SPARE))
    result = dict(zip(("kind", "size", "parked", "batch"), cache))
    result["fresh"] = difference(more, few, MORE[0] - FEW[0])
    result["absent"] = difference(spare, few, SPARE[1] - FEW[1])
    for state, name in LATER.items():
        row = rows.get((*ALL_STATES, name))
        result[f"{state}_more"] = share(row, "bytes")
        result[f"{state}_objects"] = share(row, "objects")
        result[f"{state}_magazines"] = share(row, "magazines")
    return result


def kept_magazines(cache, state):
    """
    How many empty ones a CPU has in that state, by the cache's own count: beside its two private ones there are no
    others when nothing is parked. Bytes would not tell: the two may be the last in slabs of sixteen.
    """
    return cache.get(f"{state}_magazines")


def name_of(cache):
    return f"{cache['kind']}, {cache['size']} bytes, {cache['parked']} parked"


def cell(value):
    return "-" if value is None else f"{value:,.0f}"


def rows_of_caches(result):
    yield ["cache", "", "fresh", "absent", *LATER, *(f"objects {state}" for state in LATER)]
    for cache in result["per_cpu"]:
        later = [None if None in (cache["fresh"], cache[f"{state}_more"]) else
                 cache["fresh"] + cache[f"{state}_more"] for state in LATER]
        yield [name_of(cache), "", *map(cell, (cache["fresh"], cache["absent"], *later,
                                               *(cache[f"{state}_objects"] for state in LATER)))]


def rows_of_returned(result):
    yield ["objects of", "let go by", "pages before", "come back", "left"]
    for row in result["returned"]:
        way = {"free": "kmem_cache_free", "pressure": "drop_caches"}.get(row["way"], row["way"])
        yield [f"{row['size']} bytes", way, *map(cell, (row["pages"], row["pages"] - row["left"], row["left"]))]


def readme_lines(run):
    result = run.get("memory_measured")
    if not result:
        return
    for intro, rows in ((f"Memory: {CONDITIONS}.", rows_of_caches(result)),
                        (f"Pages behind parked objects, and how many of them the page allocator has {WAIT} s later.",
                         rows_of_returned(result))):
        head, *lines = ([cell for i, cell in enumerate(row) if i != 1 or row[1]] for row in rows)
        yield f"\n{intro}\n\n| {' | '.join(head)} |\n|---|{'---:|' * (len(head) - 1)}"
        yield from (f"| {' | '.join(line)} |" for line in lines)
