"""Folds what runs over literal lists: comprehensions whose conditions are decided are written out."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from conformance.specializing.expressions import Folder
from conformance.specializing.literals import UNKNOWN, constant, copied, is_atom, is_literal, items, value_of
from conformance.specializing.names import bound_in, loads, substituted

MOST_ITEMS = 8
"""Elements of a list over which a comprehension is written out."""


class ListFolder(Folder):
    """Folds comprehensions, and says what an expression is iterated as."""

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp) -> ast.expr:
        """A comprehension, written out if what it runs over is known."""
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        elements = self.elements(first.iter) if len(node.generators) == 1 else None
        if elements is not None and len(elements) <= MOST_ITEMS:
            written = self._written(node, first, elements)
            if written is not None:
                return written
        kept, self.known = self.known, {n: e for n, e in self.known.items() if n not in bound_in(node)}
        before, self.before = self.before, None
        self.generic_visit(node)
        self.known, self.before = kept, before
        return node

    visit_GeneratorExp = visit_ListComp
    visit_DictComp = visit_ListComp

    def _written(self, node: Any, first: ast.comprehension, elements: list[ast.expr]) -> ast.expr | None:
        """A comprehension written out; None if a condition is not decided."""
        found: list[tuple[ast.expr, ...]] = []
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for element in elements:
            given = unpacked(first.target, element)
            if given is None:
                return None
            movable = all(is_atom(value) or is_literal(value) for value in given.values())
            if not movable and any(loads(list(parts), name) > 1 for name in given):
                return None
            tests = [self.visit(substituted(copied(c), given)) for c in first.ifs]
            conditions = list(map(self.truth, tests))
            if conditions == [None] and len(elements) == 1 and not isinstance(node, ast.DictComp):
                one = ast.List([self.visit(substituted(copied(node.elt), given))], ast.Load())
                return ast.IfExp(tests[0], one, ast.List([], ast.Load()))
            if None in conditions:
                return None
            if all(conditions):
                found.append(tuple(self.visit(substituted(copied(part), given)) for part in parts))
        if isinstance(node, ast.DictComp):
            return ast.Dict([key for key, _ in found], [value for _, value in found])
        return ast.List([one for (one,) in found], ast.Load())

    def elements(self, node: ast.AST) -> list[ast.expr] | None:
        """What an expression is iterated as, None if that is not known."""
        given, node = node, self.look(node)
        if (found := items(node)) is not None:
            repeatable = isinstance(given, ast.Name) and not isinstance(node, ast.Dict)
            return [
                ast.Subscript(given, constant(place), ast.Load())
                if repeatable and isinstance(given, ast.Name) and not (is_atom(one) or _is_plain(one))
                else copied(one)
                for place, one in enumerate(found)
            ]
        if not isinstance(node, ast.Call):
            return None
        if isinstance(node.func, ast.Attribute) and not node.args:
            inner = self.look(node.func.value)
            if not isinstance(inner, ast.Dict) or any(key is None for key in inner.keys):
                return None
            keys, values = [copied(key) for key in inner.keys if key], list(map(copied, inner.values))
            pairs: list[ast.expr] = [ast.Tuple([k, v], ast.Load()) for k, v in zip(keys, values, strict=True)]
            return {"items": pairs, "keys": list(keys), "values": values}.get(node.func.attr)
        name, arguments = ast.unparse(node.func), node.args
        if name == "map" and len(arguments) > 1:
            of_each = [self.elements(one) for one in arguments[1:]]
            if any(one is None for one in of_each):
                return None
            rows = zip(*(one for one in of_each if one is not None), strict=False)
            return [self.visit(ast.Call(copied(arguments[0]), list(row), [])) for row in rows]
        if name not in ("zip", "enumerate", "range", "list", "tuple", "reversed"):
            return None
        if name == "range":
            values_ = [value_of(one) for one in arguments]
            ends = [one for one in values_ if isinstance(one, int)]
            return list(map(constant, range(*ends))) if len(ends) == len(values_) else None
        lists = [self.elements(one) for one in arguments]
        if not lists or any(one is None for one in lists):
            return None
        told: list[list[ast.expr]] = [one for one in lists if one is not None]
        if name == "enumerate":
            return [ast.Tuple([constant(i), one], ast.Load()) for i, one in enumerate(told[0])]
        if name == "zip":
            return [ast.Tuple(list(row), ast.Load()) for row in zip(*told, strict=False)]
        return told[0][::-1] if name == "reversed" else told[0]


def _is_plain(node: ast.expr) -> bool:
    """Whether an expression is plain data that nothing can be added to."""
    return value_of(node) not in (UNKNOWN, [])


def unpacked(target: ast.AST, value: ast.AST) -> dict[str, ast.expr] | None:
    """What each name of a target is given; None if that cannot be told."""
    if isinstance(target, ast.Name) and isinstance(value, ast.expr):
        return {target.id: value}
    elements = items(value)
    if not isinstance(target, (ast.Tuple, ast.List)) or elements is None or isinstance(value, ast.Dict):
        return None
    names, rest = target.elts, len(elements) - len(target.elts) + 1
    rows: Iterable[tuple[ast.expr, ast.AST]]
    place = next((i for i, one in enumerate(names) if isinstance(one, ast.Starred)), None)
    if place is not None:
        inner = ast.List(elements[place : place + rest], ast.Load())
        star = names[place]
        assert isinstance(star, ast.Starred)
        middle: list[tuple[ast.expr, ast.AST]] = [(star.value, inner)]
        before = list(zip(names[:place], elements[:place], strict=True))
        rows = [*before, *middle, *zip(names[place + 1 :], elements[place + rest :], strict=True)]
    elif len(names) != len(elements):
        return None
    else:
        rows = zip(names, elements, strict=True)
    found: dict[str, ast.expr] = {}
    for one, inside in rows:
        given = unpacked(one, inside)
        if given is None:
            return None
        found |= given
    return found
