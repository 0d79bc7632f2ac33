"""The architecture, as rules that hold everywhere. Every violation of a rule is listed at once."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import reference
from backends import BUILT_IN, choose
from conformance.law import Law, load_laws
from reference.clause import READINGS, Reading, clauses, find
from reference.dialects import DIALECTS

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("reference", "backends", "conformance")
FRAMEWORKS = {"tensorflow", "keras", "tf_keras", "torch", "safetensors", "transformers", "jax", "jaxlib"}
STANDARD = frozenset(sys.stdlib_module_names)
LAWS = [law for law in load_laws().values() if law.test.__module__.startswith("conformance.laws.")]
READINGS_OF_ALL = [reading for clause in clauses() for reading in READINGS[clause]]


def modules(package: str) -> list[Path]:
    found = sorted((REPOSITORY / package).rglob("*.py"))
    assert found, f"there is no module in {package}"
    return found


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def all_alike(violations: Iterator[str] | list[str]) -> None:
    """Fail with every violation, one a line."""
    found = list(violations)
    assert not found, "\n".join(["", *found])


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


# Who imports whom


def test_the_reference_imports_numpy_and_the_standard_library_alone() -> None:
    all_alike(forbidden("reference", lambda path, module, _: module.split(".")[0] in ("numpy", "reference")))


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

    all_alike(forbidden("backends", allowed))


def test_conformance_imports_no_framework_at_all() -> None:
    own = {"reference", "backends", "conformance"}
    others = {"numpy", "ml_dtypes", "hypothesis", "pytest", "execnet", "jinja2", "markupsafe", "packaging"}
    all_alike(forbidden("conformance", lambda path, module, _: module.split(".")[0] in own | others))


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


# Readings, points, laws and sources


def code_of(function: Callable[..., Any]) -> str:
    """The source of a function and of the functions of its module that it calls, in turn."""
    module = inspect.getmodule(function)
    assert module is not None
    text, waiting, seen = "", [inspect.unwrap(function)], set()
    while waiting:
        source = inspect.getsource(waiting.pop())
        text += source
        for word in re.findall(r"\b\w+\b(?=\()", source):
            other = getattr(module, word, None)
            if inspect.isfunction(other) and other.__module__ == module.__name__ and word not in seen:
                seen.add(word)
                waiting.append(other)
    return text


def comments(source: str) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(inspect.cleandoc(source) + "\n").readline)
    return " ".join(token.string for token in tokens if token.type == tokenize.COMMENT)


def labeled(reading: Reading) -> set[str]:
    """The labels in comments at the lines that a reading goes through."""
    return set(re.findall(r"\[([^\]]+)\]", comments(code_of(reading.function))))


def test_every_reading_has_points_and_says_each_of_them_once() -> None:
    def violations() -> Iterator[str]:
        for reading in READINGS_OF_ALL:
            labels = [point.label for point in reading.points]
            if not labels:
                yield f"{reading.clause}, {reading.name}: no points"
            for label, count in Counter(labels).items():
                if count > 1:
                    yield f"{reading.clause}, {reading.name}: [{label}] stands {count} times"

    all_alike(violations())


def test_every_label_is_one_word_or_a_few() -> None:
    word = re.compile(r"[a-z]{2,}[0-9]?(-[a-z]{2,})*")
    all_alike(
        [
            f"{reading.clause}, {reading.name}: [{point.label}] is not made of words"
            for reading in READINGS_OF_ALL
            for point in reading.points
            if not word.fullmatch(point.label)
        ]
    )


def test_every_bracket_that_begins_a_line_of_a_law_is_a_point() -> None:
    """A label that is misspelled, such as [Rule] or [all absent], would silently be no point."""
    all_alike(
        [
            f"{reading.clause}, {reading.name}: {line.strip()[:40]!r} is no point"
            for reading in READINGS_OF_ALL
            for line in reading.docstring.partition(">>>")[0].splitlines()
            if re.match(r"\s*\[", line) and not any(line.startswith(f"[{p.label}] ") for p in reading.points)
        ]
    )


def test_every_point_stands_again_at_the_line_that_does_it() -> None:
    all_alike(
        [
            f"{reading.clause}, {reading.name}: no comment [{label}] in {reading.function.__name__} or below"
            for reading in READINGS_OF_ALL
            for label in sorted({point.label for point in reading.points} - labeled(reading))
        ]
    )


def test_every_label_at_a_line_is_a_point_of_its_module() -> None:
    def violations() -> Iterator[str]:
        for path in sorted((REPOSITORY / "reference").rglob("*.py")):
            name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
            points = {p.label for r in READINGS_OF_ALL if r.function.__module__ == name for p in r.points}
            written = set(re.findall(r"\[([a-z-]+)\]", comments(path.read_text(encoding="utf-8"))))
            yield from (f"{name}: [{label}] is no point" for label in sorted(written - points) if points)

    all_alike(violations())


def test_every_point_is_named_by_a_law_of_its_clause() -> None:
    held = {(law.clause, point) for law in LAWS for point in law.points}
    points = {(r.clause, p.label): r.name for r in READINGS_OF_ALL for p in r.points}
    all_alike([f"{c} [{label}] ({points[c, label]}) has no law" for c, label in sorted(set(points) - held)])


def test_every_law_holds_points_that_a_reading_of_its_clause_states() -> None:
    def violations() -> Iterator[str]:
        for law in LAWS:
            stated = {p.label for r in READINGS.get(law.clause, ()) for p in r.points}
            yield from (f"{law.id}: {law.clause} has no [{p}]" for p in law.points if p not in stated)
            if not law.points or len(set(law.points)) < len(law.points):
                yield f"{law.id}: points {law.points}"

    all_alike(violations())


def test_every_law_is_a_sentence_of_its_own() -> None:
    """The run knows a law by its name, so no two files may have the same."""

    def violations() -> Iterator[str]:
        for name, count in Counter(law.name for law in LAWS).items():
            if count > 1:
                yield f"{count} laws are named {name}"
        for law in LAWS:
            if len(law.name.split("_")) < 4 or not law.name.startswith("test_"):
                yield f"{law.id} is no sentence"
            chapter = law.clause.partition(".")[0]
            if not re.fullmatch(rf"test_{chapter}(_[a-z_]+)?\.py", law.file):
                yield f"{law.id} is a law of {law.clause}"

    all_alike(violations())


def test_a_law_is_one_to_a_few_lines() -> None:
    def lines(law: Law) -> int:
        tree = ast.parse(inspect.cleandoc(inspect.getsource(law.test.hypothesis.inner_test)))  # type: ignore[attr-defined]
        (function,) = tree.body
        assert isinstance(function, ast.FunctionDef)
        return sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1

    all_alike([f"{law.id} has {lines(law)} statements" for law in LAWS if lines(law) > 12])


def test_every_reading_names_sources_with_a_tag() -> None:
    tag = re.compile(r"(jax-)?v?\d+(\.\d+)+")
    all_alike(
        [
            f"{reading.clause}, {reading.name}: {source}"
            for reading in READINGS_OF_ALL
            for source in reading.sources or (None,)
            if source is None
            or not tag.fullmatch(source.tag)
            or not re.fullmatch(r"[\w.-]+/[\w.-]+", source.repository)
            or not source.path.endswith((".py", ".md", ".rst", ".cc", ".cpp", ".h", ".cu", ".pyi.in"))
            or not source.symbol.strip()
        ]
    )


def test_the_readings_of_a_clause_take_the_same_inputs() -> None:
    def violations() -> Iterator[str]:
        for clause in clauses():
            taken = {frozenset(r.parameters - {"setting", "working"}) for r in READINGS[clause]}
            if len(taken) > 1:
                yield f"{clause}: {sorted(map(sorted, taken))}"

    all_alike(violations())


def _versions(clause: str, dialect: str) -> list[str | None]:
    """Versions on every side of every bound of a dialect's readings, and the newest."""
    own = [r for r in READINGS[clause] if r.dialect == dialect]
    bounds = {bound for r in own for bound in (r.since, r.before) if bound}
    return [None, "0.1", *sorted(bounds), *(f"{bound}.9" for bound in sorted(bounds))]


def test_every_reading_is_found_and_no_two_hold_at_once() -> None:
    def violations() -> Iterator[str]:
        for reading in READINGS_OF_ALL:
            versions = _versions(reading.clause, reading.dialect)
            if not any(find(reading.clause, reading.dialect, v) is reading for v in versions):
                yield f"{reading.clause}, {reading.name} is never found"
            for other in READINGS[reading.clause]:
                if other is not reading and other.dialect == reading.dialect:
                    both = [v for v in versions if reading.covers(v) and other.covers(v)]
                    yield from (f"{reading.clause}: {reading.name} and {other.name} at {v}" for v in both)

    all_alike(violations())


def test_every_clause_is_in_the_book_and_reached_by_a_backend() -> None:
    dialects = {choose(name).adapter.dialect for name in BUILT_IN}

    def violations() -> Iterator[str]:
        for clause in clauses():
            chapter, _, rest = clause.partition(".")
            if chapter not in reference.CHAPTERS or not re.fullmatch(r"[a-z]+(-[a-z]+)*", rest):
                yield f"{clause} is no clause of a chapter"
            if not any(find(clause, dialect) for dialect in dialects):
                yield f"{clause}: no backend's dialect states it"
            offered = [name for name in BUILT_IN if clause in choose(name).operations()]
            if not offered:
                yield f"{clause}: no backend has the operation"
        yield from (
            f"chapter {chapter} has no clause"
            for chapter in reference.CHAPTERS
            if not any(clause.startswith(f"{chapter}.") for clause in clauses())
        )

    all_alike(violations())


def test_every_operation_and_every_reason_for_lacking_one_names_a_clause() -> None:
    def violations() -> Iterator[str]:
        for name in BUILT_IN:
            adapter = choose(name).adapter
            named = set(adapter.operations) | set(adapter.without)
            yield from (f"{name}: {id} is no clause" for id in sorted(named - set(clauses())))
            if name == "numpy":
                continue
            stated = {clause for clause in clauses() if find(clause, adapter.dialect)}
            yield from (
                f"{name}: {id} is neither an operation nor has a reason for being none"
                for id in sorted(stated - named)
            )

    all_alike(violations())


def test_every_dialect_descends_from_one_that_there_is() -> None:
    all_alike([d.name for d in DIALECTS.values() if d.parent not in (None, *DIALECTS) or not d.about.strip()])


# Words


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
    all_alike(
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

    all_alike(violations())


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

    all_alike(violations())


def test_the_survey_pins_cases_of_points_that_are_open() -> None:
    from conformance.survey import pinned

    open_points = {(r.clause, p.label) for r in READINGS_OF_ALL for p in r.points if p.strength == "OPEN"}
    wrong = [f"{c.clause} [{c.point}], {c.name}" for c in pinned() if (c.clause, c.point) not in open_points]
    unpinned = open_points - {(case.clause, case.point) for case in pinned()}
    on_a_device = {(r.clause, p.label) for r in READINGS_OF_ALL for p in r.points if p.label == "device"}
    missing = unpinned - on_a_device
    all_alike(
        [
            *wrong,
            *(f"{c} [{label}] is not pinned" for c, label in sorted(missing)),
        ]
    )
    names = Counter((case.clause, case.name) for case in pinned())
    assert max(names.values()) == 1


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
