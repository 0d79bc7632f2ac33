"""The line at which a label stands, and the ways to break it.

The nearest first: mutants of the statement; mutants of the functions that it calls, since many a line
only hands on to them; the statement left out, where `...`, which is nobody's outcome, comes of a `return`,
a `raise` or a check that refuses; the same at every other time alone, which is what a law sees that holds
two outcomes against each other.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType

from conformance.mutants.plan import Mutant, Planner, functions_of, modules, plan
from conformance.mutants.swap import functions, is_of
from reference.clause import Reading

KINDS = ("own", "called", "left out", "at times")
"""How a line can be broken, the nearest first: see above."""

_LABEL = re.compile(r"\[([a-z0-9-]+)\]")


@dataclass(frozen=True)
class Place:
    """A line with a label: the name that mutants give its function, and the number of the line."""

    function: str
    line: int


@dataclass(frozen=True)
class _Source:
    """A function as it is written: its module's lines, and its tree."""

    lines: list[str]
    owner: ast.ClassDef | None
    tree: ast.FunctionDef


def places(reading: Reading) -> dict[str, list[Place]]:
    """Where each label of a reading stands: in its function, or in those of its module that it calls."""
    own = inspect.unwrap(reading.function)
    first = next(name for name, function in functions().items() if is_of(own, function))
    module = first.partition(":")[0]
    found: dict[str, list[Place]] = defaultdict(list)
    for name in _called(first, f"{module}:"):
        source = _sources()[name]
        for line in range(source.tree.lineno, (source.tree.end_lineno or 0) + 1):
            comment = source.lines[line - 1].partition("  # " if _is_code(source.lines[line - 1]) else "#")[2]
            for label in _LABEL.findall(comment):
                found[label].append(Place(name, line))
    return found


def breaks(place: Place) -> Iterator[tuple[str, Mutant]]:
    """Every way to break a line, with one of `KINDS`."""
    statement = _statement(place)
    here = [mutant for mutant in plan() if mutant.function == place.function]
    yield from (("own", m) for m in here if _meets(m, place.line, place.line))
    first, last = _span(statement)
    yield from (("own", m) for m in here if _meets(m, first, last) and not _meets(m, place.line, place.line))
    for name in _called(place.function, "reference.", statement):
        yield from (("called", m) for m in plan() if m.function == name)
    for made in left_out(place):
        yield "left out", made
        yield "at times", made


def left_out(place: Place) -> Iterator[Mutant]:
    """The function without what the statement at the line does."""
    source, statement = _sources()[place.function], _statement(place)
    module = place.function.partition(":")[0]
    planner = Planner(module, source.owner, source.tree, source.lines, set())
    for parent in ast.walk(source.tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, list) and statement in value:
                for nothing in _instead(statement):
                    number = value.index(statement)
                    made = planner.mutant("left out", statement, nothing, parent, field, number)
                    if made is not None:
                        yield made


def _instead(statement: ast.stmt) -> Iterator[ast.stmt]:
    """What can stand in the place of a statement of which nothing is left."""
    if isinstance(statement, ast.Return):
        yield ast.Return(ast.Constant(...))
    elif isinstance(statement, ast.Raise):
        yield _accepted()
    else:
        yield ast.Pass()
        if isinstance(statement, ast.Expr):  # a check, which refuses; something else may refuse as well
            refused = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [_accepted()])
            yield ast.Try([statement], [refused], [], [])


def _accepted() -> ast.stmt:
    (made,) = ast.parse("raise __import__('conformance.mutants.swap', fromlist=['Accepted']).Accepted()").body
    return made


def _meets(mutant: Mutant, first: int, last: int) -> bool:
    return mutant.lines[0] <= last and first <= mutant.lines[1]


def _statement(place: Place) -> ast.stmt:
    """The innermost statement at a line; at a line of a comment alone, the next one, or the one before."""
    tree = _sources()[place.function].tree
    inside = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node is not tree]
    line = place.line
    lines = _sources()[place.function].lines
    while not _is_code(lines[line - 1]) and _is_inside(tree, line + 1):
        line += 1
    holding = [node for node in inside if _span(node)[0] <= line <= _span(node)[1]]
    if holding:
        return min(holding, key=lambda node: _span(node)[1] - _span(node)[0])
    before = [node for node in inside if _span(node)[1] < place.line]
    return max(before, key=lambda node: _span(node)[1])


def _is_inside(tree: ast.FunctionDef, line: int) -> bool:
    return line <= (tree.end_lineno or 0)


def _span(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement; of a compound one those of its head."""
    body = getattr(node, "body", None)
    return node.lineno, max(body[0].lineno - 1, node.lineno) if body else node.end_lineno or node.lineno


def _is_code(line: str) -> bool:
    return not line.lstrip().startswith("#")


@cache
def _sources() -> dict[str, _Source]:
    found = {}
    for name, module in modules().items():
        text = inspect.getsource(module)
        for owner, tree in functions_of(ast.parse(text)):
            key = f"{name}:{f'{owner.name}.' if owner else ''}{tree.name}"
            found[key] = _Source(text.splitlines(), owner, tree)
    return found


def _called(first: str, within: str, statement: ast.stmt | None = None) -> list[str]:
    """The functions that one calls, in turn, the nearest first; itself too if it is no statement of it."""
    waiting = [first] if statement is None else _named(first, statement)
    found: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name in found or not name.startswith(within):
            continue
        found.append(name)
        waiting += _named(name, _sources()[name].tree)
    return found


def _named(function: str, node: ast.AST) -> list[str]:
    """The functions of the reference that code of a function names."""
    space = vars(modules()[function.partition(":")[0]])
    found = []
    for part in ast.walk(node):
        held = None
        if isinstance(part, ast.Name):
            held = space.get(part.id)
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            module = space.get(part.value.id)
            held = getattr(module, part.attr, None) if isinstance(module, ModuleType) else None
        held = inspect.unwrap(held) if callable(held) and not isinstance(held, type) else held
        if isinstance(held, FunctionType):
            name = f"{held.__module__}:{held.__name__}"
            if name in _sources():
                found.append(name)
    return found
