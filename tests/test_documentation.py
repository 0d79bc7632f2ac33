"""What is public is documented, and nothing is swallowed or left to do."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tree import PACKAGES, REPOSITORY, assert_none, modules, name_of


def definitions(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """The functions and classes of a file without an underscore, those inside others too, and the file."""

    def visit(node: ast.AST, name: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                if not child.name.startswith("_"):
                    yield f"{name}.{child.name}", child
                yield from visit(child, f"{name}.{child.name}")
            else:
                yield from visit(child, name)

    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield name_of(path), tree
    yield from visit(tree, name_of(path))


def test_everything_public_in_the_reference_is_documented() -> None:
    assert_none(
        [
            name
            for path in modules("reference")
            for name, node in definitions(path)
            if not (ast.get_docstring(node) or "").strip()  # type: ignore[arg-type]
        ]
    )


def function_of(member: Any) -> Any:
    """The function behind a property, a static method or a class method; anything else as it is."""
    return member.fget if isinstance(member, property) else getattr(member, "__func__", member)


def undescribed(module: str, owner: Any, path: str) -> Iterator[str]:
    """What a module or class defines without a docstring of its own or of a base.

    An operation is described by its clause.
    """
    for name, member in vars(owner).items():
        inner = function_of(member)
        if name.startswith("_") or not (inspect.isfunction(inner) or inspect.isclass(inner)):
            continue
        if inner.__module__ == module and not hasattr(inner, "operation"):
            bases = [vars(base).get(name) for base in getattr(owner, "__mro__", ())]
            known = [one.__doc__ for one in map(function_of, bases) if one is not None]
            if not any([vars(inner).get("__doc__") if inspect.isclass(inner) else inner.__doc__, *known]):
                yield f"{path}.{name}"
            if inspect.isclass(inner):
                yield from undescribed(module, inner, f"{path}.{name}")


def test_everything_public_in_the_other_packages_is_documented_there_or_by_its_base() -> None:
    def violations() -> Iterator[str]:
        for path in [*modules("backends"), *modules("conformance")]:
            # Recipes define what their framework calls; a law is described by its name.
            if path.parent.name not in ("recipes", "laws"):
                parts = path.relative_to(REPOSITORY).with_suffix("").parts
                name = ".".join(parts).removesuffix(".__init__")
                yield from undescribed(name, importlib.import_module(name), name)

    assert_none(violations())


def test_no_exception_is_swallowed_whole_and_nothing_is_left_to_do() -> None:
    words = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")

    def violations() -> Iterator[str]:
        for path in [p for package in (*PACKAGES, "tests") for p in modules(package)]:
            text = path.read_text(encoding="utf-8")
            for number, line in enumerate(text.splitlines(), 1):
                if words.search(line):
                    yield f"{name_of(path)}:{number}: {line.strip()}"
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ExceptHandler):
                    caught = "everything" if node.type is None else ast.unparse(node.type)
                    passes = all(isinstance(statement, ast.Pass) for statement in node.body)
                    if caught in ("everything", "BaseException") or (caught == "Exception" and passes):
                        yield f"{name_of(path)}:{node.lineno}: catches {caught}"

    assert_none(violations())
