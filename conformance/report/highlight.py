"""Python text with its comments, strings and keywords marked up for reading."""

from __future__ import annotations

import io
import keyword
import tokenize
from functools import lru_cache

from markupsafe import Markup, escape


@lru_cache(maxsize=4096)
def highlight(code: str) -> Markup:
    """`code`, escaped, with spans around comments, strings and keywords; plain if it is no Python."""
    lines = code.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    pieces: list[Markup] = []
    done = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            kind = _kind(token)
            if kind is None:
                continue
            begin = starts[token.start[0] - 1] + token.start[1]
            end = starts[token.end[0] - 1] + token.end[1]
            pieces.append(escape(code[done:begin]))
            pieces.append(Markup('<i class="{}">{}</i>').format(kind, code[begin:end]))
            done = end
    except (tokenize.TokenError, SyntaxError, IndexError):
        return escape(code)
    return Markup("").join([*pieces, escape(code[done:])])


def _kind(token: tokenize.TokenInfo) -> str | None:
    if token.type == tokenize.COMMENT:
        return "c"
    if token.type == tokenize.STRING:
        return "s"
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return "k"
    return None
