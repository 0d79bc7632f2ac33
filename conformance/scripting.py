"""The text of a reproduction: only the definitions that it needs, and only the comparison that it needs."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from reference.outcomes import Bounded, Measured

_SEQUENCES = """\
    if isinstance(expected, (list, tuple)):
        alike = type(actual) is type(expected) and len(actual) == len(expected)
        return alike and all(map(same, expected, actual, bounds))"""

_DICTS = """\
    if isinstance(expected, dict):
        alike = isinstance(actual, dict) and list(actual) == list(expected)
        return alike and all(same(expected[key], actual[key], bounds[key]) for key in expected)"""

_PLAIN = """\
    if not isinstance(expected, np.ndarray):
        return type(actual) is type(expected) and actual == expected"""

_ARRAYS = """\
    if not isinstance(actual, np.ndarray):
        return False
    if (actual.dtype, actual.shape) != (expected.dtype, expected.shape):
        return False"""

_WHOLE = """\
    if bounds is None and expected.dtype.kind not in "fV":
        return bool((actual == expected).all())"""

_SELECTED = """\
    if bounds is None:
        alike = (actual == expected) & (np.signbit(actual) == np.signbit(expected))
        return bool((alike | (np.isnan(actual) & np.isnan(expected))).all())"""

_BOUNDED = """\
    (exact, limit), got = bounds, actual.astype(np.float64)
    with np.errstate(invalid="ignore"):
        within = np.where(np.isfinite(exact), np.abs(got - exact) <= limit, got == exact)
    return bool((within | (np.isnan(got) & np.isnan(exact))).all())"""


def comparing(said: Any) -> list[str]:
    """A function `same(expected, actual, bounds)` for outcomes of the kinds that are found in this one."""
    kinds = set(_kinds(said))
    parts = [
        part
        for part, needed in (
            (_DICTS, "dict" in kinds),
            (_SEQUENCES, "sequence" in kinds),
            (_PLAIN, "plain" in kinds),
            (_ARRAYS, kinds & {"whole", "selected", "bounded"}),
            (_WHOLE, "whole" in kinds),
            (_SELECTED, "selected" in kinds),
            (_BOUNDED, "bounded" in kinds),
        )
        if needed
    ]
    return ["def same(expected, actual, bounds):", *"\n".join(parts).splitlines()]


def _kinds(said: Any) -> list[str]:
    if isinstance(said, dict):
        return ["dict", *(kind for item in said.values() for kind in _kinds(item))]
    if isinstance(said, (list, tuple)):
        return ["sequence", *(kind for item in said for kind in _kinds(item))]
    if isinstance(said, (Bounded, Measured)):
        return ["bounded"]
    if isinstance(said, np.ndarray):
        return ["selected" if said.dtype.kind in "fV" else "whole"]
    return ["plain"]


def needed(text: str, rest: str = "", assigned: bool = True) -> list[str]:
    """The lines of a text without the definitions that neither it nor the rest of a script uses.

    assigned: whether names that are assigned count as definitions, as imports, functions and classes
    do. What sets something up, such as an environment variable, stays. Of two definitions of one name,
    the second counts.
    """
    try:
        parts, wanted = ast.parse(text).body, _names(ast.parse(rest))
    except SyntaxError:
        return text.splitlines()  # to run it will say what is wrong
    defined = [_defines(part, assigned) for part in parts]
    last = {name: number for number, names in enumerate(defined) for name in names or ()}
    defined = [n if n is None else {name for name in n if last[name] == k} for k, n in enumerate(defined)]
    kept = set[int]()
    while more := {n for n, d in enumerate(defined) if n not in kept and (d is None or wanted & d)}:
        kept |= more
        wanted = wanted.union(*(_names(parts[number]) for number in more))
    lines, said = text.splitlines(), list[str]()
    before: ast.stmt | None = None
    for part in (parts[number] for number in sorted(kept)):
        if before is not None and any(
            isinstance(one, (ast.FunctionDef, ast.ClassDef)) for one in (before, part)
        ):
            said += ["", ""]
        first = min([part.lineno, *(one.lineno for one in getattr(part, "decorator_list", ()))])
        said += lines[first - 1 : part.end_lineno]
        before = part
    return said


def _defines(part: ast.stmt, assigned: bool) -> set[str] | None:
    """The names that a statement defines and does nothing else; None if it does more."""
    if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
        return {part.name}
    if isinstance(part, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in part.names}
    if assigned and isinstance(part, ast.Assign) and all(isinstance(one, ast.Name) for one in part.targets):
        return {one.id for one in part.targets if isinstance(one, ast.Name)}
    return None


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
