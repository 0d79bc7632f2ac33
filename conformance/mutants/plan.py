"""Which mutants there are: one change of one node of one function each."""

from __future__ import annotations
import __future__

import ast
import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import CodeType, ModuleType
from typing import Any

import reference
from conformance.mutants.bookkeeping import bookkeeping
from conformance.mutants.operators import OPERATORS

MACHINERY = frozenset(
    {"reference.clause", "reference.dialects", "reference.sources", "reference.errors", "reference"}
)
"""Modules that state no law: the registry, the dialects' names, the sources, the refusals' classes."""


@dataclass(frozen=True)
class Mutant:
    """One change. It is known by what it changes and not by a line number, so it survives edits.

    function: "reference.text:words", or a method's. line: text of the line on which the change is.
    before, after: the source of what is changed. ordinal: among the same changes of such lines.
    lines: the first and last line of what is changed, as the file is now.
    """

    function: str
    operator: str
    line: str
    before: str
    after: str
    ordinal: int
    lines: tuple[int, int]
    code: CodeType | None = None

    @property
    def id(self) -> str:
        """How results and the list of equivalents name it."""
        end = f" #{self.ordinal}" if self.ordinal else ""
        return f"{self.function} | {self.operator} | {self.line} | {self.before} → {self.after}{end}"

    @property
    def module(self) -> str:
        """The name of its module."""
        return self.function.partition(":")[0]


@cache
def modules() -> dict[str, ModuleType]:
    """The modules of the reference that state laws, or help to."""
    names = [m.name for m in pkgutil.walk_packages(reference.__path__, "reference.")]
    return {name: importlib.import_module(name) for name in names if name not in MACHINERY}


@cache
def plan() -> tuple[Mutant, ...]:
    """Every mutant of every function, in the order of the files."""
    texts = {name: inspect.getsource(module) for name, module in modules().items()}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    marked = bookkeeping(trees)
    made: list[Mutant] = []
    for name, tree in trees.items():
        lines = texts[name].splitlines()
        for owner, function in functions_of(tree):
            made += Planner(name, owner, function, lines, marked).mutants()
    return tuple(made)


def functions_of(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef]]:
    """Functions of a module and methods of its classes; what is nested belongs to what holds it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield None, node
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    yield node, member


class Planner:
    """The mutants of one function."""

    def __init__(
        self,
        module: str,
        owner: ast.ClassDef | None,
        function: ast.FunctionDef,
        lines: list[str],
        marked: set[int],
    ) -> None:
        self.owner, self.function, self.lines, self.marked = owner, function, lines, marked
        self.name = f"{module}:{f'{owner.name}.' if owner else ''}{function.name}"
        self.file = str(modules()[module].__file__)
        self.space = vars(modules()[module])
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.original = self._compiled()

    def mutants(self) -> Iterator[Mutant]:
        """All of them, in the order of the function's lines."""
        for statement in self.function.body:
            if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
                yield from self._below(self.function, "body", self.function.body.index(statement))

    def _below(self, parent: ast.AST, field: str, place: int | None) -> Iterator[Mutant]:
        """The mutants of the node at a place of its parent, and of what is inside it."""
        node = getattr(parent, field) if place is None else getattr(parent, field)[place]
        if id(node) in self.marked or isinstance(node, (ast.Assert, ast.JoinedStr)):
            return
        for operator, alternatives in OPERATORS.items():
            if operator == "return" and node is self.function.body[-1] and not isinstance(node, ast.For):
                continue
            for other in alternatives(node):
                mutant = self.mutant(operator, node, other, parent, field, place)
                if mutant is not None:
                    yield mutant
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and self._refuses(node)):
            return  # messages
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
                continue
            if isinstance(node, ast.keyword) and node.arg == "strict":
                continue
            if isinstance(value, ast.AST):
                yield from self._below(node, name, None)
            elif isinstance(value, list):
                for number, item in enumerate(value):
                    if isinstance(item, ast.AST):
                        yield from self._below(node, name, number)

    def _refuses(self, call: ast.Call) -> bool:
        """Whether an exception is made: its arguments are words."""
        made = self.space.get(getattr(call.func, "id", ""))
        return isinstance(made, type) and issubclass(made, BaseException)

    def mutant(
        self, operator: str, node: ast.AST, other: ast.AST, parent: ast.AST, field: str, place: int | None
    ) -> Mutant | None:
        """The mutant in which `other` stands for `node` of a parent; None if that is the same code."""
        first = _first_line(node, parent)
        last = getattr(node, "end_lineno", None) or first
        if (operator == "return" and isinstance(node, ast.For)) or isinstance(node, (ast.If, ast.While)):
            last = first
        before, after = _text(node), _text(other)
        line = self.lines[first - 1].partition("  #")[0].strip()
        known = (operator, line, before, after)
        ordinal = self.counts[known]
        located = ast.fix_missing_locations(ast.copy_location(other, node))
        if place is None:
            setattr(parent, field, located)
        else:
            getattr(parent, field)[place] = located
        try:
            code = self._compiled()
        except (SyntaxError, ValueError, TypeError):
            return None
        finally:
            if place is None:
                setattr(parent, field, node)
            else:
                getattr(parent, field)[place] = node
        if code.co_code == self.original.co_code and _same(code, self.original):
            return None
        self.counts[known] += 1
        return Mutant(self.name, operator, line, before, after, ordinal, (first, last), code)

    def _compiled(self) -> CodeType:
        """The function's code as its tree is now."""
        decorators, self.function.decorator_list = self.function.decorator_list, []
        body: list[Any] = [self.function]
        if self.owner is not None:
            body = [ast.ClassDef(self.owner.name, [], [], body, [])]
        tree = ast.fix_missing_locations(ast.Module(body, []))
        try:
            flags = __future__.annotations.compiler_flag
            code: CodeType = compile(tree, self.file, "exec", flags, dont_inherit=True)
        finally:
            self.function.decorator_list = decorators
        names = [*([self.owner.name] if self.owner else []), self.function.name]
        for name in names:
            code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
        return code


def _first_line(node: ast.AST, parent: ast.AST) -> int:
    for one in (node, *ast.iter_child_nodes(node), parent):
        if hasattr(one, "lineno"):
            return int(one.lineno)
    raise AssertionError("a node without a line")


def _text(node: ast.AST) -> str:
    """The source of a node; of a compound statement its first line."""
    if isinstance(node, ast.comprehension):
        return ast.unparse(node).strip()
    text = ast.unparse(node)
    first, _, rest = text.partition("\n")
    return f"{first} … {rest.splitlines()[-1].strip()}" if isinstance(node, ast.For) and rest else first


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same, wherever their lines are."""
    if len(one.co_consts) != len(other.co_consts) or one.co_names != other.co_names:
        return False
    for a, b in zip(one.co_consts, other.co_consts, strict=True):
        if isinstance(a, CodeType) and isinstance(b, CodeType):
            if a.co_code != b.co_code or not _same(a, b):
                return False
        elif type(a) is not type(b) or a != b:
            return False
    return True
