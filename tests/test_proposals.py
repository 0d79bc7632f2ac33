"""--update-expectations and --update-baseline write what was seen, and nobody accepts it by accident."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from conformance.expectation import BrokenExpectation, load_file
from conformance.run import read_run

LAW = "test_merging_gives_the_mask_of_the_reading"
HERE = ("--rootdir=.", "-p", "no:cacheprovider", "--cases=30", "--report-dir=latest", "--seed=1")


def pytest_on(laws: str, *asked: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A run of the control on some laws."""
    command = [sys.executable, "-m", "pytest", *HERE, "--backend=numpy", *asked]
    command += ["--pyargs", "conformance.laws", "-k", laws]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run of the control against another dialect has written what it proposes."""
    folder = tmp_path_factory.mktemp("proposals")
    done = pytest_on(LAW, "--against=keras-3", "--update-expectations=mine", cwd=folder)
    assert done.returncode == 1, done.stdout
    assert "wrote mine/numpy.toml" in done.stdout
    return folder


def test_a_new_divergence_becomes_an_entry_that_a_person_must_complete(folder: Path) -> None:
    path = folder / "mine" / "numpy.toml"
    (entry,) = tomllib.loads(path.read_text())["expectation"]
    assert (entry["clause"], entry["reason"], entry["behaves-as"]) == ("merging.mask", "", "")
    case = json.loads((path.parent / entry["counterexample"]).read_text())["case"]
    (verdict,) = read_run(folder / "latest").verdicts
    assert verdict.divergence is not None and case == verdict.divergence["case"]
    with pytest.raises(BrokenExpectation, match="must be a text that is not empty"):
        load_file(path, "numpy")


def test_a_completed_entry_is_an_expectation(folder: Path) -> None:
    path = folder / "mine" / "numpy.toml"
    text = path.read_text()
    for key, value in {
        "kind": "by-design",
        "behaves-as": "keras-2.2",
        "reason": "The control speaks Keras 2.2.",
        "link": "https://github.com/keras-team/keras/blob/2.2.5/keras/layers/merge.py",
    }.items():
        text = text.replace(f'{key} = ""', f'{key} = "{value}"')
    completed = path.with_name("completed.toml")
    completed.write_text(text)
    (expectation,) = load_file(completed, "numpy")
    assert expectation.behaves_as == "keras-2.2"


def test_the_run_becomes_the_baseline_and_a_selection_does_not_replace_it(tmp_path: Path) -> None:
    both = f"{LAW} or test_lookup_gives_the_rows_of_the_reading"
    done = pytest_on(both, "--update-baseline", cwd=tmp_path)
    assert done.returncode == 0 and "wrote " in done.stdout, done.stdout
    path = tmp_path / "reports" / "baselines" / "numpy.jsonl"
    before = path.read_bytes()
    assert LAW in [verdict.law for verdict in read_run(path).verdicts]
    done = pytest_on(LAW, "--update-baseline", cwd=tmp_path)
    assert done.returncode == 1 and "a selection of the laws, without 1 that" in done.stdout, done.stdout
    assert path.read_bytes() == before
