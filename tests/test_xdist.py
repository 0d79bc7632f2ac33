"""Under pytest-xdist: one run file, nothing lost or counted twice, and a crash is an error verdict."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import faults
import pytest

from conformance.law import load_laws
from conformance.verdict import State

PLUGIN = """
import json
import os
from pathlib import Path


def pytest_collection_finish(session):
    from conformance.session import ASKED

    if ASKED in session.config.stash:
        seed = session.config.stash[ASKED].options.seed
        Path(os.environ["SEEDS"], str(os.getpid())).write_text(json.dumps(seed))
"""


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> tuple[faults.Session, list[int]]:
    """A session of two processes with a fresh seed, and the seed that each of the processes had."""
    folder = tmp_path_factory.mktemp("spread")
    (folder / "tell_seed.py").write_text(PLUGIN)
    (folder / "seeds").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEDS", str(folder / "seeds"))
        patch.setenv("PYTHONPATH", str(folder))
        done = faults.session(
            folder, "--backend=numpy,numpy:keras-3", "-n2", "-p", "tell_seed", seed=None, cases=2
        )
    return done, [json.loads(path.read_text()) for path in (folder / "seeds").iterdir()]


def test_every_law_and_backend_has_just_one_verdict(spread: tuple[faults.Session, list[int]]) -> None:
    run = spread[0].run
    found = Counter((v.law, v.backend) for v in run.verdicts)
    laws = {law.name for law in load_laws().values()}
    assert set(found) == {(law, backend) for law in laws for backend in ("numpy", "numpy:keras-3")}
    assert set(found.values()) == {1}
    assert {v.state for v in run.verdicts} <= {State.PASS, State.NOT_APPLICABLE}


def test_the_run_has_its_identities_its_surveys_and_its_footer(
    spread: tuple[faults.Session, list[int]],
) -> None:
    session, run = spread[0], spread[0].run
    assert set(run.identities) == {"numpy", "numpy:keras-3"}
    assert all(identity["operations"]["merging.mask"] == "native" for identity in run.identities.values())
    places = Counter((s["backend"], s["clause"], s["name"]) for s in run.surveys)
    assert places and set(places.values()) == {1}
    assert run.footer is not None
    assert run.footer["exit"] == session.status == 0
    assert sum(run.footer["verdicts"].values()) == len(run.verdicts)
    assert len(run.footer["selected"]) == len(run.verdicts)


def test_all_processes_draw_from_the_seed_of_the_run(spread: tuple[faults.Session, list[int]]) -> None:
    session, seeds = spread
    assert len(seeds) == 2
    assert set(seeds) == {session.run.header["seed"]}


def test_the_processes_are_gone_after_the_run(spread: tuple[faults.Session, list[int]]) -> None:
    assert spread[0].left == []


def test_a_process_that_crashes_is_an_error_verdict_of_its_law(tmp_path: Path) -> None:
    """The law that crashes its process is an error; every other law is run by the process that follows."""
    chosen = "merging_gives or lookup_gives or mask_zero"
    done = faults.session(tmp_path, "--backend=faults:KillsPytest,numpy:keras-3", "-n2", "-k", chosen)
    states = {(v.law, v.backend): v.state for v in done.run.verdicts}
    broken = ("test_merging_gives_the_mask_of_the_reading", "faults:KillsPytest")
    assert states.pop(broken) is State.ERROR
    assert len(states) == 5 and set(states.values()) == {State.PASS}
    (verdict,) = [v for v in done.run.verdicts if (v.law, v.backend) == broken]
    assert (verdict.clause, "crashed while running" in verdict.reason) == ("merging.mask", True)
    assert done.run.footer is not None
    assert done.run.footer["exit"] == done.status == 1
    assert any("test_merging_gives" in sentence for sentence in done.run.footer["objections"])
    assert done.left == []
