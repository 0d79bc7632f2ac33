"""Every pinned divergence has a reproduction that can be read in an issue; those of encoders are run."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

import backends
from backends import choose
from backends.base import Outcome
from conformance.agreement import Changes
from conformance.divergence import where_of
from conformance.expectation import Expectation, load
from conformance.judge import Judge
from conformance.replay import together
from conformance.reproduction import surroundings, written
from conformance.scripting import rounded
from conformance.specializing import MOST_LINES
from conformance.specializing.layout import WIDTH
from conformance.strategies.transformer import Encoder
from conformance.strategies.transformer_outputs import Masked, Pooled
from conformance.tolerance import measured_bound
from reference.errors import Refused
from reference.outcomes import AnyOf, Measured, Setting

FOLDER = Path(backends.__file__).parent / "expectations"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
STANDARD = set(sys.stdlib_module_names) | {"numpy"}


def pinned() -> list[Any]:
    """Every expectation that holds for the versions that are here."""
    return [
        pytest.param(name, one, id=f"{name}-{number}-{one.clause}")
        for name in NAMES
        for number, one in enumerate(load(FOLDER, name), 1)
        if one.covers(next(iter(choose(name).versions().values())), "cpu")
    ]


def script_of(name: str, expectation: Expectation) -> str | None:
    """The reproduction of an expectation's counterexample, if the backend gives what the expectation says."""
    choice, clause = choose(name), expectation.clause
    versions = choice.versions()
    judge = Judge(choice.adapter.dialect, next(iter(versions.values())), Setting(choice.adapter.engine))
    said = judge.expects(clause, expectation.case)
    gives = expectation.behavior(clause, expectation.case, judge)
    changed, gives = (gives.names, gives.outcome) if isinstance(gives, Changes) else ((), gives)
    gives = gives.allowed[0] if isinstance(gives, AnyOf) else gives
    where = ""
    if not isinstance(gives, Refused):
        where = where_of(said, Outcome("value", at_its_bound(gives), changed=changed), True)
    points, refused = (expectation.point,), isinstance(gives, Refused)
    return written(choice, versions, judge, clause, points, expectation.case, said, where, refused)


@pytest.mark.parametrize(("name", "expectation"), pinned())
def test_the_reproduction_of_a_pinned_divergence_is_short(name: str, expectation: Expectation) -> None:
    text, clause = script_of(name, expectation), expectation.clause
    assert text is not None, f"{name} has no script for {clause}"
    lines = text.splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= WIDTH for line in lines if not line.startswith("# expected"))
    adapter, versions = choose(name).adapter, choose(name).versions()
    assert lines[0].startswith(f"# {clause} [") and all(version in lines[0] for version in versions.values())
    frameworks = modules(adapter.preamble) | set(adapter.packages)
    if expectation.case.get("way") == "weights":  # what is kept goes through a file of safetensors
        frameworks |= {"safetensors"}
    assert modules(text) <= frameworks | STANDARD, "numpy and the framework alone"
    assert lines[-1] == "raise SystemExit(int(diverges))"


ENCODERS: list[tuple[str, Any, str, str]] = [
    ("transformer.hidden-states", Encoder, "gpt2", "gelu_new"),
    ("transformer.attention-mask", Masked, "bert", "gelu"),
    ("transformer.pooler", Pooled, "bert", "gelu"),
]


@pytest.mark.framework
@pytest.mark.parametrize("name", ["keras-torch", "hf"])
def test_scripts_of_encoders_show_the_pinned_divergences_and_no_others(name: str, tmp_path: Path) -> None:
    """Each is run in a fresh process of the framework; without a divergence its exit status is 0."""
    choice = choose(name)
    versions = choice.versions()
    judge = Judge(choice.adapter.dialect, next(iter(versions.values())), Setting(choice.adapter.engine))
    wanted: dict[str, int] = {}
    for number, expectation in enumerate(load(FOLDER, name)):
        if "weights" in expectation.case and "model" in expectation.case:
            text = script_of(name, expectation) or ""
            wanted[kept(tmp_path / f"pinned-{number}.py", text)] = 1
    for clause, kind, family, activation in ENCODERS:
        case = kind(7, family, 1, 1, activation, False, "float32", 1, 2, "right").cases(1)[0]
        text = written(choice, versions, judge, clause, (), case, judge.expects(clause, case)) or ""
        wanted[kept(tmp_path / f"{family}-{clause}.py", text)] = 0
    assert together(list(map(Path, wanted)), tmp_path, surroundings(choice)) == wanted


def kept(path: Path, text: str) -> str:
    """A script in a file."""
    path.write_text(text, encoding="utf-8")
    return str(path)


def at_its_bound(said: Any) -> Any:
    """An outcome as plain data, each measured array as far off as its own precision allows."""
    if isinstance(said, Measured):
        return (said.value + measured_bound(said)).astype(said.dtype)
    if isinstance(said, (list, tuple)):
        return type(said)(map(at_its_bound, said))
    return {k: at_its_bound(v) for k, v in said.items()} if isinstance(said, dict) else rounded(said)


def modules(text: str) -> set[str]:
    """The packages that a script imports."""
    found = set[str]()
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name.partition(".")[0] for name in names}
    return found
