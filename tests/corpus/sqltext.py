# SPDX-License-Identifier: MIT
"""A small reader of SQL text for the harness: tokens, statements, and where a column's definition ends.

It is written apart from moult's own reader on purpose: a mistake there must not be repeated here.
"""

import re

TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<string>[xX]?'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
      | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
      | (?P<word>[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*)
      | (?P<other>.)""",
    re.X | re.S,
)


class Token:
    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, match):
        self.kind, self.text = match.lastgroup, match.group()
        self.start, self.end = match.span()

    def name(self):
        """The name that the token stands for, folded; None when it is none."""
        if self.kind == "word":
            return self.text.lower()
        if self.kind == "quoted":
            quote = self.text[-1]
            inner = self.text[1:-1]
            return (inner if quote == "]" else inner.replace(quote * 2, quote)).lower()
        if self.kind == "string" and self.text[0] == "'":
            return self.text[1:-1].replace("''", "'").lower()
        return None

    def is_word(self, *words):
        return self.kind == "word" and self.text.upper() in words


def tokens(sql, comments=False):
    for match in TOKEN.finditer(sql):
        if match.lastgroup == "space" or (match.lastgroup == "comment" and not comments):
            continue
        yield Token(match)


def _table_at(toks, i):
    """When a CREATE TABLE begins at token i: (folded name, index of its opening parenthesis)."""
    if not toks[i].is_word("CREATE"):
        return None
    i += 1
    if i < len(toks) and toks[i].is_word("TEMP", "TEMPORARY"):
        i += 1
    if i >= len(toks) or not toks[i].is_word("TABLE"):
        return None
    i += 1
    if toks[i].is_word("IF"):
        i += 3
    name = toks[i].name()
    i += 1
    if i + 1 < len(toks) and toks[i].text == ".":
        name, i = toks[i + 1].name(), i + 2
    return (name, i) if i < len(toks) and toks[i].text == "(" else None


def column_span(sql, table, column):
    """(start, end) of a column's definition in a text of statements; the end is behind its comma, if it has one."""
    toks = list(tokens(sql))
    for i in range(len(toks)):
        found = _table_at(toks, i)
        if not found or found[0] != table.lower():
            continue
        depth, j, begin = 1, found[1] + 1, True
        start = None
        while j < len(toks) and depth:
            t = toks[j]
            if begin:
                start, begin = (t if t.name() == column.lower() else None), False
            if t.text == "(" and t.kind == "other":
                depth += 1
            elif t.text == ")" and t.kind == "other":
                depth -= 1
            if (t.text == "," and depth == 1) or depth == 0:
                if start is not None:
                    return start.start, (t.end if depth else toks[j - 1].end)
                begin = True
            j += 1
    return None


def annotate(sql, table, column, text):
    """The SQL with an annotation at the end of the line of a column's definition; None when the column is not found."""
    span = column_span(sql, table, column)
    if span is None:
        return None
    end = span[1]
    rest = re.match(r"[ \t]*(?:--[^\n]*)?(\r?\n)?", sql[end:])
    return sql[:end] + " -- " + text + "\n" + sql[end + rest.end():]


def literals_of(sql, column):
    """Literal values that a table's text compares a column with: IN lists and equalities."""
    name = r'["`\[]?\b' + re.escape(column) + r'\b["`\]]?'
    found = []
    for match in re.finditer(name + r"\s+IN\s*\(([^()]*)\)", sql, re.I):
        found += [t.text for t in tokens(match.group(1)) if t.kind in ("string", "number")]
    for match in re.finditer(name + r"\s*(?:=|==|IS|>=|<=|>|<)\s*('(?:[^']|'')*'|\d+(?:\.\d+)?)", sql, re.I):
        found.append(match.group(1))
    values = []
    for text in found:
        value = text[1:-1].replace("''", "'") if text[0] == "'" else (float(text) if "." in text else int(text))
        if value not in values:
            values.append(value)
    return values
