"""Reproductions are run outside the suite, each shows its divergence, and one that does not is found out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.replay import replay
from conformance.report import write_report
from conformance.run import read_run

pytestmark = pytest.mark.framework
LAWS = "rows_without_ids_are_empty_bags or largest_of_a_bag_with_nan or frequency_that_divides"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of torch with three divergences that are expected."""
    folder = tmp_path_factory.mktemp("replay")
    command = [sys.executable, "-m", "pytest", "--rootdir=.", "-p", "no:cacheprovider", "--cases=2"]
    laws = ["--backend=torch", "--report-dir=run", "--pyargs", "conformance.laws", "-k", LAWS]
    subprocess.run([*command, *laws], cwd=folder, capture_output=True, timeout=300, check=True)
    return folder / "run"


def test_each_reproduction_shows_its_divergence_and_the_report_says_so(folder: Path) -> None:
    found = replay(read_run(folder))
    assert len(found) == 3 and all(found.values())
    run = read_run(folder)
    assert run.reproduced == found
    page = write_report([run], folder / "page").read_text(encoding="utf-8")
    assert "3 of 3 have a reproduction; 3 of these were run outside the suite and show" in page


def test_a_reproduction_that_agrees_is_found_out(folder: Path) -> None:
    run = read_run(folder)
    assert run.verdicts[0].divergence is not None
    run.verdicts[0].divergence["script"] = 'print("agrees")\nraise SystemExit(0)\n'
    run.path = folder.parent / "other" / "run.jsonl"
    run.path.parent.mkdir()
    found = replay(run)
    assert [id for id, shows in found.items() if not shows] == [f"{run.verdicts[0].law}[torch]"]
    assert json.loads((run.path.parent / "reproductions.json").read_text()) == found


def test_the_command_says_how_many_and_its_status_is_the_answer(folder: Path) -> None:
    command = [sys.executable, "-m", "conformance.cli", "reproduce", "run"]
    done = subprocess.run(
        command, cwd=folder.parent, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        "3 of 3 reproductions show their divergence",
    )
