"""Folds expressions: what is decided by literal data is written as what comes of it."""

from __future__ import annotations

import ast
from typing import Any

from conformance.specializing.literals import (
    UNKNOWN,
    attribute,
    constant,
    copied,
    entry,
    is_atom,
    is_literal,
    is_none,
    items,
    value_of,
)
from conformance.specializing.names import bound_in

SHORT = 240
"""Characters of literal data that may stand in the place of what picks it out of a container."""

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}


class Folder(ast.NodeTransformer):
    """Folds the expressions of a statement.

    known: what a name stands for just there. made: by which call the value of a name was made.
    before: statements that go before this one; None where nothing may, as in a branch of an expression.
    """

    def __init__(self) -> None:
        self.known: dict[str, ast.expr] = {}
        self.modules: dict[str, str] = {}
        self.made: dict[str, ast.expr] = {}
        self.before: list[ast.stmt] | None = []

    def look(self, node: ast.AST) -> ast.AST:
        """What a name stands for, or the expression itself."""
        while isinstance(node, ast.Name) and node.id in self.known:
            node = self.known[node.id]
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            key = value_of(node.slice)
            found = None if key is UNKNOWN else entry(self.look(node.value), key)
            return node if found is None else self.look(found)
        return node

    def folded(self, node: ast.AST) -> ast.expr:
        """An expression, folded."""
        found: ast.expr = self.visit(node)
        return found

    def truth(self, node: ast.AST) -> bool | None:
        """Whether an expression is true, None if that is not known."""
        node = self.look(node)
        value = value_of(node)
        if value is not UNKNOWN:
            return bool(value)
        if isinstance(node, ast.Lambda):
            return True
        elements = items(node)
        return None if elements is None else bool(elements)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name of plain data, or of another name, by what it stands for."""
        found = self.look(node)
        assert isinstance(found, ast.expr)
        short = is_atom(found) and isinstance(found, (ast.Name, ast.Constant, ast.Attribute))
        negative = isinstance(found, ast.UnaryOp) and is_literal(found)
        return copied(found) if isinstance(node.ctx, ast.Load) and (short or negative) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Shapes and dtypes of literal arrays, entries of a namespace, names of modules."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        base = self.look(node.value)
        if node.attr == "__name__" and isinstance(base, ast.Name) and base.id in self.modules:
            return constant(self.modules[base.id])
        if node.attr == "name" and isinstance(node.value, ast.Attribute) and node.value.attr == "dtype":
            found = attribute(self.look(node.value.value), "dtype")
            return node if found is UNKNOWN else constant(found)
        if isinstance(base, ast.Call) and ast.unparse(base.func) == "SimpleNamespace":
            for keyword in base.keywords:
                if keyword.arg == node.attr and is_atom(keyword.value):
                    return copied(keyword.value)
        found = UNKNOWN if node.attr == "dtype" else attribute(base, node.attr)
        return node if found is UNKNOWN else constant(found)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Entries of literal containers, and slices of plain data."""
        self.generic_visit(node)
        base, key = self.look(node.value), self.look(node.slice)
        if not isinstance(node.ctx, ast.Load):
            return node
        if isinstance(key, ast.Slice):
            ends = [None if end is None else value_of(end) for end in (key.lower, key.upper, key.step)]
            value = value_of(base)
            whole = value is not UNKNOWN and UNKNOWN not in ends and not isinstance(value, dict)
            return constant(value[slice(*ends)]) if whole else node
        found = entry(base, value_of(key)) if value_of(key) is not UNKNOWN else None
        if found is None or not (is_atom(found) or is_literal(found) or isinstance(found, ast.Name)):
            return node
        if is_atom(found) or (isinstance(base, ast.Dict) and len(ast.unparse(found)) <= SHORT):
            return copied(found)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Comparisons of plain data, and whether something is None."""
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        left, right = self.look(node.left), self.look(node.comparators[0])
        if isinstance(left, ast.Name) and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            left = self.made.get(left.id, left)
        decided = _compared(left, node.ops[0], right)
        return node if decided is None else constant(decided)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """And, or: without what is decided."""
        stops = isinstance(node.op, ast.Or)
        left: list[ast.expr] = []
        for place, part in enumerate(node.values):
            last = place == len(node.values) - 1
            part = self.apart(part) if place else self.visit(part)
            decided = self.truth(part)
            if decided is stops:
                left.append(part)
                break
            if decided is None or last:
                left.append(part)
        else:
            left = left or [constant(not stops)]
        return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Not."""
        self.generic_visit(node)
        decided = self.truth(node.operand) if isinstance(node.op, ast.Not) else None
        return node if decided is None else constant(not decided)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """The branch that is taken."""
        node.test = self.visit(node.test)
        decided = self.truth(node.test)
        if decided is not None:
            return self.folded(node.body if decided else node.orelse)
        node.body, node.orelse = self.apart(node.body), self.apart(node.orelse)
        return node

    def apart(self, node: ast.expr) -> ast.expr:
        """An expression that may not be evaluated, or more than once."""
        kept, self.before = self.before, None
        found: ast.expr = self.visit(node)
        self.before = kept
        return found

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Sums of lists, unions of dicts, arithmetic of whole numbers."""
        self.generic_visit(node)
        left, right = self.look(node.left), self.look(node.right)
        if isinstance(node.op, ast.BitOr) and isinstance(left, ast.Dict) and isinstance(right, ast.Dict):
            return self.folded(ast.Dict([None, None], [copied(left), copied(right)]))
        times = value_of(right)
        if isinstance(node.op, ast.Mult) and isinstance(left, ast.List) and isinstance(times, int):
            return ast.List([copied(one) for _ in range(times) for one in left.elts], ast.Load())
        if isinstance(node.op, ast.Add) and isinstance(left, ast.List) and isinstance(right, ast.List):
            return ast.List([*map(copied, left.elts), *map(copied, right.elts)], ast.Load())
        values = value_of(left), value_of(right)
        if all(isinstance(value, int) for value in values) or all(isinstance(v, tuple) for v in values):
            return constant(eval(f"{values[0]!r}{_SIGNS.get(type(node.op), '|')}{values[1]!r}"))  # noqa: S307
        return node

    def visit_List(self, node: ast.List | ast.Tuple) -> ast.expr:
        """Elements, those of starred lists among them."""
        self.generic_visit(node)
        elements: list[ast.expr] = []
        for one in node.elts:
            inner = items(self.look(one.value)) if isinstance(one, ast.Starred) else None
            elements += [one] if inner is None else map(copied, inner)
        if isinstance(node.ctx, ast.Load):
            node.elts = elements
        return node

    visit_Tuple = visit_List

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        """Entries, those of starred dicts among them."""
        self.generic_visit(node)
        found: dict[str, tuple[ast.expr | None, ast.expr]] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            inner = self.look(value) if key is None else None
            if isinstance(inner, ast.Dict):
                found |= {
                    ast.unparse(k) if k else f"**{ast.unparse(v)}": (k, copied(v))
                    for k, v in zip(inner.keys, inner.values, strict=True)
                }
            else:
                found[ast.unparse(key) if key else f"**{ast.unparse(value)}"] = (key, value)
        return ast.Dict([key for key, _ in found.values()], [value for _, value in found.values()])

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        """The body of a lambda, for which its parameters are not known."""
        with_less = {name: e for name, e in self.known.items() if name not in bound_in(node)}
        self.known, kept = with_less, self.known
        node.body = self.apart(node.body)
        self.known = kept
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """A text whose parts are all known."""
        self.generic_visit(node)
        pieces: list[str] = []
        for part in node.values:
            plain = isinstance(part, ast.FormattedValue) and part.conversion == -1 and not part.format_spec
            inner = part.value if isinstance(part, ast.FormattedValue) and plain else part
            if not isinstance(inner, ast.Constant) or not isinstance(inner.value, (str, int)):
                return node
            pieces.append(str(inner.value))
        return constant("".join(pieces))


def _compared(left: ast.AST, operator: ast.cmpop, right: ast.AST) -> bool | None:
    if isinstance(operator, (ast.Is, ast.IsNot)):
        if value_of(right) is not None:
            return None
        none = is_none(left)
        return None if none is None else none is isinstance(operator, ast.Is)
    value = value_of(left)
    if isinstance(operator, (ast.In, ast.NotIn)):
        among = items(right)
        if value is UNKNOWN or among is None or any(value_of(one) is UNKNOWN for one in among):
            text = value_of(right)
            if not isinstance(value, str) or not isinstance(text, str):
                return None
            return (value in text) is isinstance(operator, ast.In)
        return (value in [value_of(one) for one in among]) is isinstance(operator, ast.In)
    other = value_of(right)
    if value is UNKNOWN or other is UNKNOWN:
        return None
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        return bool(value == other) is isinstance(operator, ast.Eq)
    signs: dict[type, Any] = {ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__", ast.GtE: "__ge__"}
    decided = getattr(value, signs[type(operator)])(other)
    return None if decided is NotImplemented else bool(decided)
