"""The text of a script: double quotes, lines of at most 110 characters, blank lines around definitions."""

from __future__ import annotations

import ast
import io
import tokenize
from contextlib import suppress

WIDTH = 110


def laid_out(tree: ast.Module) -> str:
    """The script as text."""
    return "\n".join(_block(tree.body, 0)) + "\n"


def _block(statements: list[ast.stmt], depth: int) -> list[str]:
    lines: list[str] = []
    before: ast.stmt | None = None
    for statement in statements:
        apart = any(isinstance(one, (ast.FunctionDef, ast.ClassDef)) for one in (before, statement))
        if before is not None and apart:
            lines += [""] * (1 if depth else 2)
        lines += _statement(statement, depth)
        before = statement
    return lines


def _statement(statement: ast.stmt, depth: int) -> list[str]:
    margin = "    " * depth
    inner = getattr(statement, "body", None)
    if not isinstance(inner, list):
        return _wrapped(margin + _bare(_quoted(ast.unparse(statement))))
    head = _head(statement)
    lines = [line for one in head for line in _wrapped(margin + _bare(_quoted(one)))]
    lines += _block(inner, depth + 1)
    for handler in getattr(statement, "handlers", []):
        kind = "" if handler.type is None else f" {ast.unparse(handler.type)}"
        lines.append(f"{margin}except{kind}{f' as {handler.name}' if handler.name else ''}:")
        lines += _block(handler.body, depth + 1)
    for word, rest in (("else", "orelse"), ("finally", "finalbody")):
        if getattr(statement, rest, []):
            lines += [f"{margin}{word}:", *_block(getattr(statement, rest), depth + 1)]
    return lines


def _head(statement: ast.stmt) -> list[str]:
    """The lines before the body of a compound statement."""
    alone = ast.parse(ast.unparse(statement)).body[0]
    for field in ("orelse", "finalbody", "handlers"):
        if getattr(alone, field, None):
            setattr(alone, field, [])
    if isinstance(alone, ast.Try):
        return ["try:"]
    alone.body = [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(alone).splitlines()[:-1]


def _quoted(line: str) -> str:
    """A line with double quotes where that takes no escape."""
    tokens = tokenize.generate_tokens(io.StringIO(line).readline)
    found: list[tuple[int, int, int]] = []
    with suppress(tokenize.TokenError, IndentationError):  # the head of a compound statement ends early
        found.extend(
            (token.start[0], token.start[1], token.end[1])
            for token in tokens
            if token.type == tokenize.STRING and token.string[0] == "'" and '"' not in token.string
        )
    for row, start, end in reversed(found):
        if row == 1 and "\\" not in line[start:end]:
            line = f'{line[:start]}"{line[start + 1 : end - 1]}"{line[end:]}'
    return line


def _bare(line: str) -> str:
    """A line without the second pair of brackets around what a function is given one by one."""
    place = line.find("((")
    while place >= 0:
        inner = [end for start, end in _brackets(line[place + 1 :]) if start == 0]
        end = place + 1 + inner[0] if inner else -1
        if end > 0 and line[end + 1 : end + 2] == ")" and len(_pieces(line[place + 2 : end], " for ")) > 1:
            line = line[: place + 1] + line[place + 2 : end] + line[end + 1 :]
        place = line.find("((", place + 1)
    return line


def _wrapped(line: str) -> list[str]:
    """A line, broken inside its last outer brackets if it is too long, and what stands there at commas."""
    if len(line) <= WIDTH:
        return [line]
    ends = _brackets(line)
    if not ends:
        return [line]
    start, end = max(ends, key=lambda pair: pair[1] - pair[0])
    margin = line[: len(line) - len(line.lstrip())]
    inside = line[start + 1 : end]
    pieces = _pieces(inside)
    if len(pieces) == 1:
        pieces = next(filter(lambda some: len(some) > 1, (_pieces(inside, word) for word in _WORDS)), pieces)
    inner: list[str] = []
    for piece in pieces:
        joined = f"{inner[-1]} {piece}" if inner else ""
        if inner and len(joined) <= WIDTH and "\n" not in joined:
            inner[-1] = joined
        else:
            inner.append(f"{margin}    {piece}")
    broken = [short for long in inner for short in _wrapped(long)]
    return [line[: start + 1], *broken, margin + line[end:]]


def _brackets(line: str) -> list[tuple[int, int]]:
    """The outermost brackets of a line that hold anything, strings left out."""
    found: list[tuple[int, int]] = []
    depth, start, quote = 0, 0, ""
    for place, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote and line[place - 1] != "\\" else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            start = place if depth == 0 else start
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0 and place > start + 1:
                found.append((start, place))
    return found


_WORDS = (" for ", " if ", " or ", " and ")


def _pieces(text: str, at: str = ",") -> list[str]:
    """What stands between the outer commas of a text, each with its comma, or before the outer words."""
    found: list[str] = []
    depth, quote, begin = 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(at, place):
            found.append(text[begin : place + 1].strip())
            begin = place + 1
    last = text[begin:].strip()
    return [*found, last] if last else found
