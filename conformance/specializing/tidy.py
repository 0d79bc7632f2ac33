"""Leaves out what a script does not use: annotations, docstrings, names that nothing reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from conformance.specializing.literals import copied, is_literal
from conformance.specializing.names import loads, read, stored, substituted

_HARMLESS = {
    *("tensor", "numpy", "SimpleNamespace", "getattr", "len", "dict", "list", "tuple", "isinstance"),
    *("any", "sorted", "enumerate"),
}
"""Functions whose result alone counts."""

_ASKING = (".reshape", ".get_weights", ".parameters", ".numpy", ".detach", ".cpu")
"""Ends of the names of methods whose result alone counts."""


MOST_MERGED = 104
"""Characters of a statement that takes up the one before it."""


def tidied(tree: ast.Module, merges: bool = False) -> ast.Module:
    """The script without what it does not need; imports stand at its head.

    Of two functions of one name, the second counts. merges: whether values that only the next statement
    uses are put in their place there.
    """
    tree = _Plain().visit(tree)
    last = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    tree.body = [one for one in tree.body if not isinstance(one, ast.FunctionDef) or last[one.name] is one]
    while (text := ast.unparse(tree)) and ast.unparse(tree := _less(tree, merges)) != text:
        pass
    return ast.fix_missing_locations(tree)


class _Plain(ast.NodeTransformer):
    """Takes annotations and docstrings away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """A parameter without its annotation."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | None:
        """An assignment without its annotation."""
        self.generic_visit(node)
        return None if node.value is None else ast.Assign([node.target], node.value, lineno=0)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """A function without annotations and docstring."""
        node.returns = None
        return self.visit_ClassDef(node)  # type: ignore[arg-type,return-value]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """A class without docstring."""
        self.generic_visit(node)
        node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
        return node


class _Impossible(ast.NodeTransformer):
    """Writes False for conditions."""

    def __init__(self, conditions: tuple[str, ...]) -> None:
        self.conditions = conditions

    def visit_Compare(self, node: ast.Compare | ast.Call) -> ast.AST:
        """False for what cannot be."""
        self.generic_visit(node)
        return ast.Constant(False) if ast.unparse(node) in self.conditions else node

    visit_Call = visit_Compare


def without(tree: ast.Module, conditions: tuple[str, ...]) -> ast.Module:
    """The script with False in the place of these conditions."""
    found: ast.Module = _Impossible(conditions).visit(tree)
    return found


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _less(tree: ast.Module, merges: bool) -> ast.Module:
    wanted = read(tree)
    for node in ast.walk(tree):  # a function that calls itself is not wanted for that
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            wanted[node.name] -= read(node)[node.name]
    imports: list[ast.stmt] = []
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                if not isinstance(node, ast.Module):
                    inner = [one for one in block if isinstance(one, (ast.Import, ast.ImportFrom))]
                    imports += inner
                    block[:] = [one for one in block if one not in inner]
                block[:] = [part for one in block for part in _unfolded(one, wanted)]
                block[:] = _picked(block)
                if merges:
                    _shortened(block, wanted)
                in_class = isinstance(node, ast.ClassDef)
                block[:] = [one for one in block if in_class or _is_wanted(one, wanted)]
                for one in block:
                    if isinstance(one, ast.ImportFrom):
                        one.names = [n for n in one.names if wanted.get(n.asname or n.name, 0) > 0]
                if not block and field == "body" and not isinstance(node, ast.Module):
                    block.append(ast.Pass())
    there = {ast.unparse(one) for one in tree.body}
    new = {
        ast.unparse(one): one for one in imports if ast.unparse(one) not in there and _is_wanted(one, wanted)
    }
    place = 0
    for number, one in enumerate(tree.body):
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            place = number if place == 0 else place
    tree.body[place:place] = list(new.values())
    return tree


def _unfolded(statement: ast.stmt, wanted: Mapping[str, int]) -> list[ast.stmt]:
    """The body of a statement that opens a folder which nothing uses, or the statement itself."""
    if isinstance(statement, ast.With) and len(statement.items) == 1:
        item = statement.items[0]
        name = item.optional_vars
        if "TemporaryDirectory" in ast.unparse(item.context_expr) and isinstance(name, ast.Name):
            return [statement] if wanted.get(name.id, 0) else statement.body
    return [statement]


def _picked(block: list[ast.stmt]) -> list[ast.stmt]:
    """The statements; of a list to which items are added, and of which one is kept: just that item."""
    for start, one in enumerate(block):
        name = ast.unparse(one).removesuffix(" = []")
        if not isinstance(one, ast.Assign) or ast.unparse(one) != f"{name} = []":
            continue
        uses = [place for place in range(start + 1, len(block)) if loads(block[place], name)]
        end = next((place for place in uses if _added(block[place], name) is None), start)
        items = {place: _added(block[place], name) for place in uses if place < end}
        last = block[end]
        number = re.fullmatch(rf"{name} = {name}\[(\d+)\](.*)", ast.unparse(last))
        if number is None or loads(last, name) > 1 or int(number[1]) >= len(items):
            continue
        if all(item is not None and _is_pure(item) for item in items.values()):
            kept = list(items)[int(number[1])]
            made = ast.parse(f"{name} = {ast.unparse(items[kept])}\n{name} = {name}{number[2]}").body  # type: ignore[arg-type]
            new: dict[int, list[ast.stmt]] = {start: [], **{place: [] for place in items}}
            new |= {kept: made[:1], end: made[1:] if number[2] else []}
            return [part for place, old in enumerate(block) for part in new.get(place, [old])]
    return block


def _added(statement: ast.stmt, name: str) -> ast.expr | None:
    """What a statement adds to a list, if it does nothing else."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    alone = (
        isinstance(call, ast.Call) and ast.unparse(call.func) == f"{name}.append" and loads(call, name) == 1
    )
    return call.args[0] if alone and isinstance(call, ast.Call) else None


def _shortened(block: list[ast.stmt], wanted: Mapping[str, int]) -> None:
    """Puts a value that only the next statement uses in its place there, where the line stays short."""
    place = 0
    while place + 1 < len(block):
        one, following = block[place], block[place + 1]
        if (part := _taken(one, following)) is not None:
            block[place : place + 2] = [part]
            continue
        target = one.targets[0] if isinstance(one, ast.Assign) and len(one.targets) == 1 else None
        if isinstance(one, ast.Assign) and isinstance(target, ast.Name) and wanted.get(target.id) == 1:
            simple = isinstance(following, (ast.Assign, ast.Expr, ast.Return)) and target.id != "actual"
            if simple and not is_literal(one.value) and loads(following, target.id) == 1:
                merged = substituted(copied(following), {target.id: one.value})
                if len(ast.unparse(merged)) <= MOST_MERGED:
                    block[place : place + 2] = [merged]
                    place = max(place - 1, 0)
                    continue
        place += 1


def _taken(one: ast.stmt, following: ast.stmt) -> ast.stmt | None:
    """Of a dict that is written out, and of which the next statement keeps one entry: just that entry."""
    if not (
        isinstance(one, ast.Assign) and isinstance(one.value, ast.Dict) and isinstance(following, ast.Assign)
    ):
        return None
    inner: ast.AST = following.value
    while isinstance(inner, ast.Subscript) and not isinstance(inner.value, ast.Name):
        inner = inner.value
    if not isinstance(inner, ast.Subscript) or len(one.targets) != 1 or len(following.targets) != 1:
        return None
    names = {ast.unparse(part) for part in (one.targets[0], following.targets[0], inner.value)}
    for key, value in zip(one.value.keys, one.value.values, strict=True):
        if len(names) == 1 and key is not None and ast.unparse(key) == ast.unparse(inner.slice):
            kept = ast.unparse(following.value).replace(ast.unparse(inner), f"({ast.unparse(value)})", 1)
            return ast.Assign(one.targets, ast.parse(kept, mode="eval").body, lineno=0)
    return None


def _is_wanted(statement: ast.stmt, wanted: Mapping[str, int]) -> bool:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return any(wanted.get(name, 0) > 0 for name in stored(statement) if _names(statement, name))
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return (
            not isinstance(target, ast.Name) or wanted.get(target.id, 0) > 0 or not _is_pure(statement.value)
        )
    if isinstance(statement, ast.If) and all(isinstance(one, ast.Pass) for one in statement.body):
        return bool(statement.orelse) or not _is_pure(statement.test)
    if isinstance(statement, ast.Expr):
        return not _is_pure(statement.value)
    return True


def _names(statement: ast.stmt, name: str) -> bool:
    return not isinstance(statement, (ast.FunctionDef, ast.ClassDef)) or statement.name == name


def _is_pure(node: ast.AST) -> bool:
    """Whether nothing but its result comes of an expression."""
    if isinstance(node, (ast.Yield, ast.Await, ast.NamedExpr)):
        return False
    if isinstance(node, ast.Lambda):
        return True
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        harmless = name in _HARMLESS or name.startswith("np.") or name.endswith(_ASKING)
        if not harmless or name == "np.set_printoptions":
            return False
    return all(map(_is_pure, ast.iter_child_nodes(node)))
