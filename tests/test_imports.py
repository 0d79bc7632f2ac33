"""Who imports whom, and what an import costs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tree import REPOSITORY, assert_none, modules, name_of

FRAMEWORKS = {"tensorflow", "keras", "tf_keras", "torch", "safetensors", "transformers", "jax", "jaxlib"}
STANDARD = frozenset(sys.stdlib_module_names)


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """What a file imports: (module, line, whether it happens when the file itself is imported)."""

    def visit(node: ast.AST, at_import: bool) -> Iterator[tuple[str, int, bool]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, at_import
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: imports are absolute"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno, at_import
        lazily = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        )
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_import and not lazily)

    return visit(ast.parse(path.read_text(encoding="utf-8")), True)


def forbidden(package: str, allowed: Callable[[Path, str, bool], bool]) -> Iterator[str]:
    for path in modules(package):
        for module, line, at_import in imports(path):
            if module.partition(".")[0] not in STANDARD and not allowed(path, module, at_import):
                yield f"{name_of(path)}:{line} imports {module}"


def test_the_reference_imports_numpy_and_the_standard_library_alone() -> None:
    assert_none(
        forbidden("reference", lambda path, module, _: module.split(".")[0] in ("numpy", "reference"))
    )


def test_backends_import_the_plain_data_of_the_reference_and_their_frameworks_lazily() -> None:
    def allowed(path: Path, module: str, at_import: bool) -> bool:
        first, _, rest = module.partition(".")
        if first == "reference":
            # The dialects are plain data too: names and lineage.
            plain = rest.partition(".")[0] in ("outcomes", "errors", "dialects")
            return plain or path.name == "numpy_control.py"
        # Recipes are what a user copies: a framework is all that they import, and adapters load them lazily.
        lazily = not at_import or path.parent.name == "recipes"
        return first in ("numpy", "ml_dtypes", "backends") or (first in FRAMEWORKS and lazily)

    assert_none(forbidden("backends", allowed))


def test_conformance_imports_no_framework_at_all() -> None:
    own = {"reference", "backends", "conformance"}
    others = {"numpy", "ml_dtypes", "hypothesis", "pytest", "execnet", "jinja2", "markupsafe", "packaging"}
    assert_none(forbidden("conformance", lambda path, module, _: module.split(".")[0] in own | others))


def test_a_forbidden_import_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import json\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import jax\n"
        "if True:\n    import torch.nn\nclass C:\n    from keras import layers\n"
        "def f():\n    import tensorflow as tf\n"
    )
    seen = {(module, at_import) for module, _, at_import in imports(path)}
    assert seen >= {("jax", False), ("torch.nn", True), ("keras.layers", True), ("tensorflow", False)}


def imported_by(statement: str) -> set[str]:
    """Every module that a fresh Python imports for a statement."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", statement],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import conformance", {"numpy", "hypothesis", "pytest", "_pytest", "execnet", "jinja2"}),
        ("import conformance.plugin", {"numpy", "hypothesis", "execnet", "jinja2"}),
        ("import conformance.commands, conformance.law, conformance.laws", {"execnet", "jinja2"}),
        ("import backends.keras_layers, backends.torch_nn, backends.hf", {"hypothesis", "pytest"}),
    ],
)
def test_an_import_costs_no_framework_and_nothing_heavy(statement: str, absent: set[str]) -> None:
    seen = {module.partition(".")[0] for module in imported_by(statement)}
    assert "conformance" in seen or "backends" in seen
    assert not seen & (FRAMEWORKS | absent)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("reference", "reference.py"),
        ("reference", "reference/__init__.py"),
        ("reference", "reference/module.py"),
        ("backends", "backends.py"),
        ("backends", "backends/__init__.py"),
    ],
)
def test_a_foreign_module_of_our_name_is_refused_with_its_path(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / form
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    # Python finds a folder without __init__.py only where nothing else has the name.
    paths = [str(tmp_path), *([] if form.endswith("module.py") else [str(REPOSITORY)])]
    own = str(REPOSITORY / "conformance" / "__init__.py")
    code = (
        f"import importlib.util, sys; sys.path[:0] = {paths!r}\n"
        f"spec = importlib.util.spec_from_file_location('conformance', {own!r})\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))"
    )
    done = subprocess.run([sys.executable, "-ISc", code], capture_output=True, text=True, check=False)
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith(f"ImportError: conformance needs its own package {name!r}"), done.stderr
    assert str(path if form.endswith(("__init__.py", f"{name}.py")) else path.parent) in sentence


def test_without_a_foreign_module_nothing_is_refused() -> None:
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import conformance"
    subprocess.run([sys.executable, "-ISc", code], check=True)


def test_the_entry_points_of_the_package_are_there() -> None:
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    targets = [*project["scripts"].values(), *project["entry-points"]["pytest11"].values()]
    code = (
        "import importlib, json, sys\nfor target in json.loads(sys.argv[1]):\n"
        "    module, _, name = target.partition(':')\n    found = importlib.import_module(module)\n"
        "    assert not name or callable(getattr(found, name))"
    )
    subprocess.run([sys.executable, "-c", code, json.dumps(targets)], check=True, cwd=REPOSITORY)
