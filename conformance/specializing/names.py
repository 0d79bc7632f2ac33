"""The names of a script: where they are read, where they are bound, and what is put in their place."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Mapping
from typing import Any

from conformance.specializing.literals import Node


def loads(tree: Any, name: str) -> int:
    """How often a name is read; twice where it is read in a loop or in a function."""
    trees = tree if isinstance(tree, list) else [tree]
    return sum(_loads(one, name, 1) for one in trees)


_REPEATED = (ast.For, ast.While, ast.Lambda, ast.FunctionDef, ast.ListComp, ast.GeneratorExp, ast.DictComp)


def _loads(node: ast.AST, name: str, times: int) -> int:
    if isinstance(node, ast.Name):
        return times if node.id == name and isinstance(node.ctx, ast.Load) else 0
    times = 2 if isinstance(node, _REPEATED) else times
    return sum(_loads(child, name, times) for child in ast.iter_child_nodes(node))


def read(tree: ast.AST) -> Counter[str]:
    """How often each name is read, parameters and targets of comprehensions left out where they hold."""
    if isinstance(tree, ast.Name):
        return Counter([tree.id] if isinstance(tree.ctx, ast.Load) else [])
    found: Counter[str] = Counter()
    for child in ast.iter_child_nodes(tree):
        found.update(read(child))
    if isinstance(tree, (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)):
        for generator in tree.generators:
            for name in stored(generator.target):
                del found[name]
    if isinstance(tree, (ast.Lambda, ast.FunctionDef)):
        for name in {one.arg for one in ast.walk(tree.args) if isinstance(one, ast.arg)}:
            del found[name]
    return found


def stored(tree: Any) -> Counter[str]:
    """How often each name is assigned, defined, imported or deleted; not inside functions and classes."""
    found: Counter[str] = Counter()
    waiting: list[ast.AST] = list(tree) if isinstance(tree, list) else [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] += 1
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] += 1
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found[node.name] += 1
        if not isinstance(node, (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp)):
            waiting += ast.iter_child_nodes(node)
    return found


def bound_in(node: ast.AST) -> set[str]:
    """The names that are parameters or targets of comprehensions anywhere inside."""
    found = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    for one in ast.walk(node):
        if isinstance(one, ast.comprehension):
            found |= set(stored(one.target))
    return found


_CHANGING = {"append", "extend", "pop", "update", "setdefault", "clear", "insert", "remove", "sort", "add"}


def changed(tree: ast.AST) -> set[str]:
    """The names of what is changed in place: by an assignment to a part, or by a method that does so."""
    found: set[str] = set()
    for node in ast.walk(tree):
        inner: ast.AST | None = None
        assigned = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
        method = isinstance(node, ast.Attribute) and node.attr in _CHANGING
        if isinstance(node, (ast.Subscript, ast.Attribute)) and (assigned or method):
            inner = node.value
        elif isinstance(node, ast.AugAssign):
            inner = node.target
        while isinstance(inner, ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name):
            found.add(inner.id)
    return found


class _Substitution(ast.NodeTransformer):
    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.given:
            return ast.parse(ast.unparse(self.given[node.id]), mode="eval").body
        return node


def substituted(node: Node, given: Mapping[str, ast.expr]) -> Node:
    """A tree with expressions in the place of names."""
    found: Node = _Substitution(given).visit(node)  # type: ignore[arg-type]
    return found


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        methods = [(one, one.name) for one in node.body if isinstance(one, ast.FunctionDef)]
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        for method, name in methods:
            method.name = name
        return node


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """A tree in which variables, functions and classes are called otherwise."""
    found: Node = _Renaming(names).visit(node)  # type: ignore[arg-type]
    return found


def plainly_named(tree: ast.Module) -> ast.Module:
    """A script in which no name has an underscore at its end that it needs no more."""
    there = set(stored(tree)) | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    there |= {one.arg for one in ast.walk(tree) if isinstance(one, ast.arg)} | set(dir(builtins))
    shorter = {name: name.rstrip("_") for name in there if name[-1] == "_" and name[0] != "_"}
    return renamed(tree, {name: short for name, short in shorter.items() if short not in there})
