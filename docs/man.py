#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""man.py - makes the man page of a command from its page in docs/commands.

usage: man.py PAGE.md VERSION > PAGE.1

Reads what these pages use of Markdown: headings, paragraphs, lists, tables, blocks of code, `code`, **bold**, links.
"""
import pathlib
import re
import sys


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\`")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def inline(text):
    """Links lose their targets; code and what is strong become bold."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text)
    out = ""
    for part in parts:
        if part.startswith("`") and len(part) > 1:
            out += "\\fB" + escape(part[1:-1].replace("\\|", "|")) + "\\fR"
        elif part.startswith("**"):
            out += "\\fB" + escape(part[2:-2]) + "\\fR"
        else:
            out += escape(re.sub(r"\\([|*])", r"\1", part))
    return out


def cells(line):
    return [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def table(rows):
    """Of two columns or more: the first is the term, the rest says what it means."""
    out = []
    for row in rows[2:]:
        first, *rest = cells(row)
        out += [".TP", inline(first), ": ".join(inline(r) for r in rest)]
    return out


def blocks(text):
    """The page as (kind, lines) of its blocks."""
    lines, i = text.split("\n"), 0
    while i < len(lines):
        line = lines[i]
        start = i
        if line.startswith("```"):
            i += 1
            while not lines[i].startswith("```"):
                i += 1
            yield "code", lines[start + 1:i]
            i += 1
        elif line.startswith("#"):
            yield "heading", [line]
            i += 1
        elif line.startswith("<!--") or not line.strip():
            i += 1
        else:
            kind = "table" if line.startswith("|") else "list" if line.startswith("- ") else "text"
            while i < len(lines) and lines[i].strip() and not lines[i].startswith(("```", "<!--", "#")):
                i += 1
            yield kind, lines[start:i]


def page(name, text, version):
    title = "moult" if name == "moult" else f"moult-{name}"
    found = list(blocks(text))
    first = next(lines for kind, lines in found if kind == "text")
    summary = re.split(r"(?<=[.:;])\s", " ".join(first))[0].rstrip(".:;")
    out = [f'.TH "{title.upper()}" "1" "" "moult {version}" "moult"', ".SH NAME",
           f"{escape(title)} \\- {inline(summary[0].lower() + summary[1:])}"]
    described = False
    for kind, lines in found:
        if kind == "heading":
            level = len(lines[0]) - len(lines[0].lstrip("#"))
            if level > 1:
                out.append((".SH " if level == 2 else ".SS ") + inline(lines[0].lstrip("# ").upper()))
        elif not described:
            out += [".SH DESCRIPTION", inline(" ".join(lines))]
            described = True
        elif kind == "code":
            out += [".PP", ".RS 4", ".nf", *(escape(line) for line in lines), ".fi", ".RE"]
        elif kind == "table":
            out += table(lines)
        elif kind == "list":
            items = re.split(r"\n- ", "\n" + "\n".join(lines))[1:]
            for item in items:
                out += [".IP \\(bu 2", inline(" ".join(item.split()))]
        else:
            out += [".PP", inline(" ".join(lines))]
    also = "moult\\fR(1)" if name != "moult" else "moult\\-plan\\fR(1), \\fBmoult\\-apply\\fR(1), \\fBmoult\\-status\\fR(1)"
    return "\n".join(out + [".SH SEE ALSO", "\\fB" + also]) + "\n"


def main():
    path = pathlib.Path(sys.argv[1])
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(page(path.stem, path.read_text(encoding="utf-8"), sys.argv[2]))


if __name__ == "__main__":
    main()
