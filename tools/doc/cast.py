#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Draws a recorded terminal (asciicast v2) as an animated SVG.

usage: cast.py CAST SVG TITLE [MAXIMUM_PAUSE [FRAMES]]

Debian's own python3, whose packages have pyte. A pause is cut at so many seconds (2); of what is drawn
no more than so many pictures are kept (60). Who moves nothing (reduced motion, a plain viewer) sees the
last one. The text is text: to be searched and copied.
"""

import json
import re
import sys
from xml.sax.saxutils import escape

import pyte

WIDTH, HEIGHT, MARGIN, HEAD = 8.4, 18, 12, 30  # of a character, around, above
MERGED = 0.08  # seconds; what is drawn within is one picture
HOLD = 4  # seconds, the last one
COLORS = {"default": "#d6deeb", "black": "#7f8c98", "red": "#ff6b6b", "green": "#8bd17c", "brown": "#e6c35c",
          "blue": "#82aaff", "magenta": "#d59bf6", "cyan": "#7fdbca", "white": "#ffffff"}
STYLE = """text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d6deeb;white-space:pre}}
.a{{transform:translateY({last}px)}}
@media (prefers-reduced-motion:no-preference){{.a{{animation:a {total:.1f}s step-end infinite}}}}
@keyframes a{{{steps}}}"""


def known(text):
    """What pyte does not know, by what it does: a character that is repeated."""
    return re.sub(r"(.)\x1b\[(\d+)b", lambda match: match[1] * (1 + int(match[2])), text)


def screens(path, longest):
    """(second, lines) of each picture; a line is runs of (column, text, colour, reversed, bold).
    When a program gives up a screen of its own, what was on it is the last picture."""
    with open(path, encoding="utf-8") as file:
        head = json.loads(file.readline())
        events = [json.loads(line) for line in file]
    screen = pyte.Screen(head["width"], head["height"])
    stream = pyte.Stream(screen)
    found, now, before = [], 0.0, 0.0
    for i, (at, _, text) in enumerate(events):
        if "\x1b[?1049l" in text:
            break
        now += min(at - before, longest)
        before = at
        stream.feed(known(text))
        if i + 1 < len(events) and events[i + 1][0] - at < MERGED:
            continue
        lines = tuple(runs(screen.buffer[row], head["width"]) for row in range(head["height"]))
        if not found or lines != found[-1][1]:
            found.append((now, lines))
    return head, found


def runs(line, columns):
    """What is drawn in one colour, in one piece."""
    result = []
    for column in range(columns):
        char = line[column]
        style = (char.fg if char.fg in COLORS else "default", char.reverse, char.bold)
        if result and tuple(result[-1][2:]) == style:
            result[-1][1] += char.data
        else:
            result.append([column, char.data, *style])
    return tuple((column, text if inverse else text.rstrip(), colour, inverse, bold)
                 for column, text, colour, inverse, bold in result if inverse or text.strip())


def draw_line(line):
    for column, text, colour, inverse, bold in line:
        lead = len(text) - len(text.lstrip())
        if inverse:
            yield f'<rect x="{column * WIDTH:.1f}" width="{len(text) * WIDTH:.1f}" height="{HEIGHT}" fill="#d6deeb"/>'
        text, column = text.strip(), column + lead
        if not text:
            continue
        fill = "#011627" if inverse else COLORS[colour]
        style = (f' fill="{fill}" style="fill:{fill}"' if fill != COLORS["default"] else "") + (' font-weight="bold"' if bold else "")
        # Whatever the font, columns stand where they belong.
        yield (f'<text x="{column * WIDTH:.1f}" y="14" textLength="{len(text) * WIDTH:.1f}" xml:space="preserve"{style}>'
               f"{escape(text)}</text>")


def kept(found, most):
    """So many, evenly; the last one always."""
    if len(found) <= most:
        return found
    return [found[i * (len(found) - 1) // (most - 1)] for i in range(most)]


def draw(head, found, title):
    width, height = head["width"] * WIDTH + 2 * MARGIN, head["height"] * HEIGHT + HEAD + MARGIN
    names, pictures = {}, []
    for i, (_, lines) in enumerate(found):
        uses = "".join(f'<use href="#l{names.setdefault(line, len(names))}" y="{row * HEIGHT}"/>'
                       for row, line in enumerate(lines) if line)
        pictures.append(f'<g transform="translate(0 {i * height:.0f})">{uses}</g>')
    total = found[-1][0] - found[0][0] + HOLD
    steps = "".join(f"{(at - found[0][0]) / total * 100:.2f}%{{transform:translateY({-i * height:.0f}px)}}"
                    for i, (at, _) in enumerate(found))
    last = -(len(found) - 1) * round(height)
    steps += f"to{{transform:translateY({last}px)}}"
    yield "<!-- SPDX-License-Identifier: GPL-2.0 -->"
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
           f'height="{height:.0f}" role="img"><title>{escape(title)}</title>')
    yield f"<style>{STYLE.format(last=last, total=total, steps=steps)}</style><defs>"
    for line, name in names.items():
        yield f'<g id="l{name}">{"".join(draw_line(line))}</g>'
    yield f'</defs><rect width="100%" height="100%" rx="8" fill="#011627" stroke="#5f7e97"/>'
    for i, colour in enumerate(("#ff6b6b", "#e6c35c", "#8bd17c")):
        yield f'<circle cx="{18 + i * 18}" cy="16" r="5" fill="{colour}"/>'
    yield f'<text x="{width / 2:.0f}" y="20" text-anchor="middle" fill="#7f8c98" style="fill:#7f8c98">{escape(title)}</text>'
    yield (f'<svg x="{MARGIN}" y="{HEAD}" width="{width - MARGIN:.0f}" height="{height - HEAD:.0f}">'
           f'<g class="a" transform="translate(0 {last})">')
    yield from pictures
    yield "</g></svg></svg>"


def main():
    if len(sys.argv) not in range(4, 7):
        print(__doc__)
        return 2
    path, output, title = sys.argv[1:4]
    longest, most = (float(sys.argv[4]) if len(sys.argv) > 4 else 2), (int(sys.argv[5]) if len(sys.argv) > 5 else 60)
    head, found = screens(path, longest)
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(draw(head, kept(found, most), title)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
