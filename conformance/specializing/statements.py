"""Specializes statements: branches that are decided, loops over literal lists, calls of functions."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from conformance.specializing.calls import bound, is_straight
from conformance.specializing.functions import CallFolder
from conformance.specializing.lists import unpacked
from conformance.specializing.literals import copied, is_array, is_atom, is_literal
from conformance.specializing.names import bound_in, changed, loads, read, renamed, stored, substituted

MOST_UNROLLED = 24
"""Statements that a loop may come to when it is written out."""

MOST_REPEATED = 2
"""Statements of a function that is put in the place of each of several calls."""

DEEPEST = 12
"""Calls inside calls."""


class Specializer(CallFolder):
    """Specializes one script, in one pass. unrolls: turns that a loop over a literal list may have
    to be written out. inside: whether functions are specialized where they are defined.
    refused: calls that cannot be put as lines, as text; more are added.
    """

    def __init__(self, unrolls: int, inside: bool, refused: set[str]) -> None:
        super().__init__()
        self.refused = refused
        self.inside = inside
        self.unrolls = unrolls
        self.functions: dict[str, ast.FunctionDef] = {}
        self.depth = 0

    def module(self, tree: ast.Module) -> ast.Module:
        """The script, specialized."""
        self.stores, self.reads, self.changed = stored(tree), read(tree), changed(tree)
        self.taken = set(self.stores) | _outside(tree)
        return ast.Module(self.block(tree.body), [])

    def block(self, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Statements that follow one another."""
        found: list[ast.stmt] = []
        for statement in statements:
            outer, self.before = self.before, []
            made = getattr(self, f"_{type(statement).__name__.lower()}", self._other)(statement)
            found += [*self.before, *made]
            self.before = outer
            if made and isinstance(made[-1], (ast.Return, ast.Raise)):
                break
        return found

    def _other(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.Import):
            self.modules |= {alias.asname or alias.name: alias.name for alias in statement.names}
        if isinstance(statement, ast.ImportFrom):
            self.modules |= {alias.asname or alias.name: alias.name for alias in statement.names}
        self._forget(stored(statement))
        return [self.generic_visit(statement)]  # type: ignore[list-item]

    def _assign(self, statement: ast.Assign) -> list[ast.stmt]:
        value = self.visit(statement.value)
        if len(statement.targets) > 1:
            self._forget(stored(statement))
            return [ast.Assign(statement.targets, value, lineno=0)]
        target = statement.targets[0]
        if isinstance(target, (ast.Tuple, ast.List)):
            given = unpacked(target, value)
            if given is not None and not any(read(one)[name] for one in given.values() for name in given):
                return self.block(
                    ast.Assign([ast.Name(n, ast.Store())], one, lineno=0) for n, one in given.items()
                )
        if isinstance(target, ast.Name):
            if isinstance(value, ast.Name) and value.id == target.id:
                return []
            self._forget([target.id])
            lasts = self._lasts(target.id, value) and not read(value)[target.id]
            if lasts and target.id not in ("actual", "expected"):
                self.known[target.id] = value
            if isinstance(value, ast.Call):
                self.made[target.id] = value
        else:
            self._forget(stored(target))
            target = self.visit(target)
        return [ast.Assign([target], value, lineno=0)]

    def _lasts(self, name: str, value: ast.expr) -> bool:
        """Whether a name stands for its value until it is assigned again."""
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "SimpleNamespace":
            return True
        if isinstance(value, (ast.List, ast.Tuple, ast.Dict)):
            parts = value.values if isinstance(value, ast.Dict) else value.elts
            plain = all(is_literal(one) or is_atom(one) for one in parts)
            inner = (one for one in ast.walk(value) if one is not value)
            grows = any(isinstance(one, ast.List) and not one.elts for one in inner)
            return plain and name not in self.changed and not grows
        return is_atom(value) or (is_array(value) and name not in self.changed)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.known.pop(name, None)
            self.made.pop(name, None)
            self.known = {one: value for one, value in self.known.items() if not read(value)[name]}

    def _expr(self, statement: ast.Expr) -> list[ast.stmt]:
        value = self.visit(statement.value)
        return [] if isinstance(value, (ast.Constant, ast.Name)) else [ast.Expr(value)]

    def _return(self, statement: ast.Return) -> list[ast.stmt]:
        if statement.value is None:
            return [statement]
        return [ast.Return(self.visit(statement.value))]

    def _assert(self, statement: ast.Assert) -> list[ast.stmt]:
        statement.test = self.visit(statement.test)
        return [] if self.truth(statement.test) else [statement]

    def _if(self, statement: ast.If) -> list[ast.stmt]:
        statement.test = self.visit(statement.test)
        decided = self.truth(statement.test)
        if decided is not None:
            return self.block(statement.body if decided else statement.orelse)
        known = dict(self.known)
        body = self.block(statement.body)
        self.known = known
        otherwise = self.block(statement.orelse)
        self._forget(stored([*statement.body, *statement.orelse]))
        return [ast.If(statement.test, body or [ast.Pass()], otherwise)]

    def _for(self, statement: ast.For) -> list[ast.stmt]:
        statement.iter = self.visit(statement.iter)
        elements = None if statement.orelse else self.elements(statement.iter)
        leaves = any(isinstance(n, (ast.Break, ast.Continue, ast.Return)) for n in ast.walk(statement))
        if (
            elements is not None
            and len(elements) <= self.unrolls
            and not leaves
            and len(elements) * len(statement.body) <= MOST_UNROLLED
        ):
            given = [unpacked(statement.target, one) for one in elements]
            if None not in given:
                return [line for one in given if one is not None for line in self._turn(one, statement.body)]
        self._forget(stored(statement))
        return [ast.For(statement.target, statement.iter, self.block(statement.body), [], lineno=0)]

    def _turn(self, given: dict[str, ast.expr], body: list[ast.stmt]) -> list[ast.stmt]:
        """One turn of a loop."""
        if all(is_literal(one) or is_atom(one) for one in given.values()) and not set(given) & set(
            stored(body)
        ):
            return self.block(substituted(copied(line), given) for line in body)
        first = [ast.Assign([ast.Name(name, ast.Store())], one, lineno=0) for name, one in given.items()]
        return self.block([*first, *map(copied, body)])

    def _with(self, statement: ast.With) -> list[ast.stmt]:
        for item in statement.items:
            item.context_expr = self.visit(item.context_expr)
        self._forget(stored([item.optional_vars for item in statement.items if item.optional_vars]))
        return [ast.With(statement.items, self.block(statement.body), lineno=0)]

    def _try(self, statement: ast.Try) -> list[ast.stmt]:
        statement.body = self.block(statement.body)
        self._forget(stored(statement))
        return [statement]

    def _functiondef(self, statement: ast.FunctionDef) -> list[ast.stmt]:
        self._forget([statement.name])
        made = copied(statement)
        if self.inside or self.depth:
            self._inside(made)
        self.functions.pop(statement.name, None)
        if self.stores[statement.name] == 1 and not statement.decorator_list:
            self.functions[statement.name] = made
        return [made]

    def _inside(self, function: ast.FunctionDef) -> None:
        """The body of a function, for which only names that are assigned once are known."""
        known, functions = self.known, dict(self.functions)
        own = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)} | set(
            stored(function.body)
        )
        self.known = {n: e for n, e in known.items() if self.stores[n] == 1 and n not in own}
        self.functions.pop(function.name, None)
        function.body = self.block(function.body) or [ast.Pass()]
        self.known, self.functions = known, functions

    def _classdef(self, statement: ast.ClassDef) -> list[ast.stmt]:
        for part in statement.body:
            if isinstance(part, ast.FunctionDef):
                self._inside(part)
        statement.bases = [self.visit(base) for base in statement.bases]
        return [statement]

    def called(self, node: ast.Call) -> ast.expr | None:
        """What a call of a function of the script comes to; its other lines go before the statement."""
        inlined = self._inlined(node)
        if inlined is None or (inlined[0] and self.before is None):
            return None
        if self.before is not None:
            self.before += inlined[0]
        return inlined[1]

    def _inlined(self, node: ast.Call) -> tuple[list[ast.stmt], ast.expr] | None:
        name = self.look(node.func)
        function = self.functions.get(name.id) if isinstance(name, ast.Name) else None
        given = bound(function, node) if function is not None else None
        if function is None or given is None or self.depth > DEEPEST:
            return None
        text = ast.unparse(node)
        if text in self.refused:
            return None
        own = stored(function.body)
        inner = set().union(*map(bound_in, function.body)) if function.body else set()
        if inner & (set(own) | set(given)) or any(set(read(one)) & inner for one in given.values()):
            return None
        names = {one: self._free(one) for one in own if one not in given}
        rebound = {one: self._free(one) for one in given if own[one] or one in changed(function)}
        body = [renamed(copied(line), names | rebound) for line in function.body]
        first: list[ast.stmt] = [
            ast.Assign([ast.Name(rebound[one], ast.Store())], copied(given[one]), lineno=0) for one in rebound
        ]
        rest = {one: value for one, value in given.items() if one not in rebound}
        simple = {one: value for one, value in rest.items() if is_atom(value) or is_literal(value)}
        once = {one: value for one, value in rest.items() if one not in simple}
        body = [substituted(line, simple) for line in body]
        kept = dict(self.known), dict(self.functions), self.stores.copy(), self.changed
        self.depth += 1
        self.stores = self.stores + stored(body)
        self.changed = self.changed | changed(ast.Module(body, []))
        folded = self.block([*first, *body])
        self.depth -= 1
        self.known, self.functions, self.stores, self.changed = kept
        if not is_straight(folded):
            self.refused.add(text)
            return None
        for one, value in once.items():
            if loads(folded, one) <= 1:
                folded = [substituted(line, {one: value}) for line in folded]
            else:
                free = self._free(one)
                folded = [renamed(line, {one: free}) for line in folded]
                folded.insert(0, ast.Assign([ast.Name(free, ast.Store())], value, lineno=0))
        last = folded.pop() if folded and isinstance(folded[-1], ast.Return) else ast.Return(None)
        assert isinstance(last, ast.Return)
        result = last.value or ast.Constant(None)
        if len(folded) > MOST_REPEATED and self.reads[function.name] > 1:
            return None
        self.taken |= set(names.values()) | set(rebound.values())
        return folded, result

    def _free(self, name: str) -> str:
        """A name for a variable of a function whose lines stand among others."""
        while name in self.taken:
            name += "_"
        return name


def _outside(tree: ast.Module) -> set[str]:
    """The names that a script reads outside of its functions and classes."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return found
