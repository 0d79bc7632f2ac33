"""Specializes a script to its case: only the branches that the case takes, only the calls that it makes.

The scripts of the adapters are general: they take any case. A reproduction has one case, and its inputs
are literal. So what these decide is decided beforehand: conditions are folded, options spelled out, loops
over literal lists unrolled, and functions put where they are called. Nothing is computed but plain data.
"""

from __future__ import annotations

import ast

from conformance.specializing.layout import laid_out
from conformance.specializing.literals import copied
from conformance.specializing.names import plainly_named
from conformance.specializing.statements import Specializer
from conformance.specializing.tidy import tidied, without

ROUNDS = 6
"""Rounds after which nothing more is found, as a rule; each works on what the one before has left."""


UNROLLED = (8, 1, 0)
"""Turns that loops may have to be written out: the first that is short enough, or the shortest."""

MOST_LINES = 40
"""Lines that a reproduction may have: more than that nobody reads in an issue."""


def specialized(script: str, impossible: tuple[str, ...] = ()) -> str:
    """The text of a script for its case, laid out, with the comments of its head and no others.

    impossible: conditions that the outcome of the case rules out, as text. The text comes back as it is if
    it is no Python.
    """
    try:
        ast.parse(script)
    except SyntaxError:
        return script
    head = [line for line in script.splitlines() if line.startswith("#")]
    tree = tidied(without(ast.parse(script), impossible))
    loops = any(isinstance(node, ast.For) for node in ast.walk(tree))
    texts: list[str] = []
    for unrolls in UNROLLED if loops else UNROLLED[:1]:
        texts.append("\n".join([*head, _rounds(copied(tree), unrolls)]))
        if texts[-1].count("\n") <= MOST_LINES:
            return texts[-1]
    return min(texts, key=lambda text: text.count("\n"))


def _rounds(tree: ast.Module, unrolls: int) -> str:
    before, refused = "", set[str]()
    for number in range(ROUNDS):
        # At first most functions go where they are called; those that are left are looked into later.
        tree = tidied(Specializer(unrolls, number > 0, refused).module(tree))
        text = ast.unparse(tree)
        if text == before:
            break
        before, tree = text, ast.parse(text)
    return laid_out(plainly_named(tidied(tree, merges=True)))
