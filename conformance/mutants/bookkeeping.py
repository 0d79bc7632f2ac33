"""Which parts of the reference only say how far a backend may be off.

A backend's outcome is its values. What a reading writes down beside them, magnitudes and roundings, is
the oracle's tolerance: as a backend it cannot be seen, so it is not mutated. The rule, not a list of
places:

1. an expression is bookkeeping if it is assigned to a variable, or added to one, that bears one of
   `NAMES` in its name, or passed for such a parameter of what `PARAMETERS` lists;
2. so is what is assigned to a local variable of which every use is bookkeeping, and a condition under
   which nothing else is assigned;
3. so is what is passed for a parameter of a function of the reference of which every use is bookkeeping;
4. so is the body of a function of which every mention in the reference is bookkeeping.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

NAMES = frozenset(
    {"magnitude", "magnitudes", "roundings", "amplified", "error", "reach", "spread", "carried"}
)

PARAMETERS = {
    "Bounded": ("value", "magnitude", "roundings", "dtype", "amplified", "error"),
    "Measured": ("value", "spread", "dtype"),
    "Rounded": ("value", "error"),
    "Tracked": ("value", "error", "reach", "form", "working"),
    "_with": ("value", "error", "reach"),
    "_rounded": ("value", "carried", "other", "underflows", "exact"),
    "_function": ("name", "value", "carried"),
}
"""Parameters, in order, of what is called with bookkeeping by position."""

ASIDE = frozenset({"underflows", "exact"})
"""Parameters that steer bookkeeping."""

Function = ast.FunctionDef
Marked = set[int]


def bookkeeping(trees: dict[str, ast.Module]) -> Marked:
    """The ids of the nodes that are bookkeeping, in all modules of the reference."""
    functions = [f for tree in trees.values() for f in ast.walk(tree) if isinstance(f, Function)]
    mentions: dict[str, list[int]] = defaultdict(list)
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                mentions[node.id].append(id(node))
            elif isinstance(node, ast.Attribute):
                mentions[node.attr].append(id(node))
    marked: Marked = set()
    for function in functions:
        for region in _named(function):
            _mark(region, marked)
    before = -1
    while before != len(marked):
        before = len(marked)
        for function in functions:
            _slice(function, marked)
        _pass(trees, marked)
        for function in functions:
            uses = mentions.get(function.name, [])
            if uses and all(use in marked for use in uses):
                for statement in function.body:
                    _mark(statement, marked)
    return marked


def _named(function: Function) -> Iterator[ast.AST]:
    """What is bookkeeping by its name."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for name, argument in zip(PARAMETERS.get(called, ()), node.args, strict=False):
                if name in NAMES | ASIDE:
                    yield argument
            for keyword in node.keywords:
                if keyword.arg in NAMES | ASIDE:
                    yield keyword.value
        for target, value in _assignments(node):
            if _is_named(target):
                yield value
                yield target
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args:
            added = isinstance(node.value.func, ast.Attribute) and node.value.func.attr == "at"
            if added and _is_named(node.value.args[0]):
                yield node


def _slice(function: Function, marked: Marked) -> None:
    """Mark what is assigned to local variables of which every use is bookkeeping, theirs included."""
    uses: dict[str, list[int]] = defaultdict(list)
    assigned: dict[str, list[ast.AST]] = defaultdict(list)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            uses[node.id].append(id(node))
        for target, value in _assignments(node):
            if isinstance(target, ast.Name):
                assigned[target.id].append(value)
    branches = [node for node in ast.walk(function) if isinstance(node, ast.If)]
    chosen = set(assigned)
    while True:
        inside = set(marked)
        for name in chosen:
            for value in assigned[name]:
                _mark(value, inside)
        for branch in branches:
            if all(id(part) in inside for part in _values([*branch.body, *branch.orelse])):
                _mark(branch, inside)
        kept = {name for name in chosen if all(use in inside for use in uses[name])}
        if kept == chosen:
            marked |= inside
            return
        chosen = kept


def _pass(trees: dict[str, ast.Module], marked: Marked) -> None:
    """Mark what is passed for parameters of which every use is marked.

    A name means the function of the caller's module; if there is none, every function that bears it.
    """
    asides = {module: _asides(tree, marked) for module, tree in trees.items()}
    everywhere: dict[str, set[int | str]] = {}
    for of_module in asides.values():
        for name, found in of_module.items():
            everywhere[name] = everywhere.get(name, found) & found
    for module, tree in trees.items():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", "")
            if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") != "np":
                name = f".{call.func.attr}"
            aside = asides[module].get(name, everywhere.get(name, set()))
            for place, argument in enumerate(call.args):
                if place in aside:
                    _mark(argument, marked)
            for keyword in call.keywords:
                if keyword.arg in aside:
                    _mark(keyword.value, marked)


def _asides(tree: ast.Module, marked: Marked) -> dict[str, set[int | str]]:
    """Names and places of such parameters, by function; a method's name begins with a dot."""
    asides: dict[str, set[int | str]] = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        uses: dict[str, list[int]] = defaultdict(list)
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                uses[node.id].append(id(node))
        names = [argument.arg for argument in function.args.args]
        method = names[:1] == ["self"]
        found: set[int | str] = set()
        for place, name in enumerate(names[method:]):
            if uses[name] and all(use in marked for use in uses[name]):
                found |= {place, name}
        key = f".{function.name}" if method else function.name
        asides[key] = asides.get(key, found) & found
    return asides


def _values(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """What statements assign; a statement that does anything else itself."""
    for statement in statements:
        found = list(_assignments(statement))
        yield from (value for _, value in found)
        if not found:
            yield statement


def _assignments(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Targets with what is assigned to each."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=False)
            elif isinstance(target, ast.Tuple) and _all_named(target):
                yield target.elts[0], node.value
            else:
                yield target, node.value
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        yield node.target, node
    elif isinstance(node, ast.NamedExpr):
        yield node.target, node.value


def _base(target: ast.AST) -> str:
    """The variable that an assignment changes, as a whole or in a part."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _is_named(target: ast.AST) -> bool:
    """Whether a word of the variable's name is one of `NAMES`."""
    return not NAMES.isdisjoint(_base(target).split("_"))


def _all_named(target: ast.Tuple) -> bool:
    return all(_is_named(element) for element in target.elts)


def _mark(node: ast.AST, marked: Marked) -> None:
    marked.update(id(inner) for inner in ast.walk(node))
