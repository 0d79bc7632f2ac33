"""A backend judged by another dialect: the smallest case, both readings, and a script that stands alone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import faults
import pytest

from backends.codec import from_json
from conformance.verdict import State

pytestmark = pytest.mark.framework

OURS = {"reference", "backends", "conformance", "hypothesis", "pytest", "execnet", "faults"}


@pytest.fixture(scope="module")
def against(tmp_path_factory: pytest.TempPathFactory) -> faults.Session:
    """tf.keras, which is Keras 3, judged by Keras 2: the masks of merge layers are the finding."""
    folder = tmp_path_factory.mktemp("against")
    return faults.session(folder, "--backend=tf", "--against=keras-2", "-k", "merging_gives")


@pytest.fixture(scope="module")
def script(against: faults.Session) -> Path:
    """The reproduction that the session names."""
    found = re.search(r"^reproduce it: python (\S+)$", against.text, re.MULTILINE)
    assert found, against.text
    return Path(found[1])


def alone(script: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a reader would, in its own folder and without anything of ours on the path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *options, script.name],
        cwd=script.parent,
        env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_divergence_fails_the_run(against: faults.Session) -> None:
    (verdict,) = against.run.verdicts
    assert (verdict.state, verdict.expected, verdict.reading) == (State.FAIL, False, "keras-2")
    assert against.run.footer is not None
    assert against.run.footer["exit"] == against.status == 1


def test_the_counterexample_is_two_masks_of_one_element(against: faults.Session) -> None:
    (verdict,) = against.run.verdicts
    assert verdict.divergence is not None
    masks = from_json(verdict.divergence["case"])["masks"]
    assert [mask.shape for mask in masks] == [(1, 1), (1, 1)]
    assert sorted(mask.item() for mask in masks) == [False, True]


def test_the_story_has_the_case_both_masks_and_the_sources_of_both_readings(against: faults.Session) -> None:
    for part in (
        "merging.mask [rule] on tf (keras ",
        "differs from keras-2: ",
        "    masks = [array([[False]], dtype=bool), array([[ True]], dtype=bool)]",
        "expected: array([[False]], dtype=bool)",
        "    by keras-2 (keras-team/keras@v2.15.0 ",
        "actual:   array([[ True]], dtype=bool)",
        "the backend's own dialect: keras-3 from 3.4 (keras-team/keras@v3.4.0 ",
        "reproduce it: python ",
        "read the law: conformance explain merging.mask",
    ):
        assert part in against.text, f"{part!r} is not in\n{against.text}"


def test_the_reproduction_imports_numpy_and_tensorflow(script: Path) -> None:
    nodes = list(ast.walk(ast.parse(script.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    assert sorted(names) == ["numpy", "tensorflow", "tensorflow"]


def test_the_reproduction_shows_it_in_a_process_that_knows_nothing_of_ours(script: Path) -> None:
    done = alone(script, "-X", "importtime")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert {"numpy", "tensorflow"} <= imported
    assert not OURS & imported
    assert done.returncode == 1, done.stdout
    assert done.stdout.splitlines()[-3:] == [
        "expected: array([[False]])",
        "actual:   array([[ True]])",
        "diverges",
    ]


def test_the_reproduction_agrees_once_its_expected_value_is_changed(script: Path, tmp_path: Path) -> None:
    text = script.read_text()
    assert text.count('expected = np.array([[False]], "bool")') == 1
    changed = tmp_path / "changed.py"
    changed.write_text(text.replace("expected = np.array([[False]]", "expected = np.array([[True]]"))
    done = alone(changed)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "agrees")
