"""A fixed small run on the backends that start quickly, every fifth law of the book, within a stated time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.run import read_run
from conformance.verdict import State

STRUCTURES, SEED, SHARD = 3, 20260101, "1/5"
BUDGET = 400.0
"""Seconds for one backend, the import of its framework included."""

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.framework
@pytest.mark.parametrize("name", ("numpy", "torch", "hf"))
def test_a_fixed_part_of_the_laws_comes_to_accepted_verdicts(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "conformance/laws", "-q", "-p", "no:cacheprovider"]
    options = [
        f"--backend={name}",
        f"--cases={STRUCTURES}",
        f"--seed={SEED}",
        f"--shard={SHARD}",
        f"--report-dir={tmp_path}",
    ]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=BUDGET, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    run = read_run(tmp_path)
    assert run.complete
    assert all(v.state not in (State.ERROR, State.NOT_RUN) for v in run.verdicts)
    assert any(v.state is State.PASS for v in run.verdicts)
