"""The command line, as a person calls it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from backends import BUILT_IN
from conformance.law import load_laws
from conformance.run import read_run
from conformance.verdict import State
from reference.clause import READINGS, clauses

REPOSITORY = Path(__file__).resolve().parent.parent
LAWS = [law for law in load_laws().values() if law.test.__module__.startswith("conformance.laws.")]


def conformance(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return started([sys.executable, "-m", "conformance.cli", *map(str, arguments)])


def started(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, that finds this checkout first."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=REPOSITORY, env=environment, timeout=300
    )


def refused(*arguments: str | Path) -> str:
    """The one sentence of a command that cannot be carried out; its exit status is 2."""
    done = conformance(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"conformance {arguments[0]}: ")
    return sentence


def fastest(command: Sequence[str], times: int = 3) -> float:
    """Seconds of the fastest of a few calls, since the machine may be busy."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        assert started(command).returncode == 0
        seconds.append(time.perf_counter() - start)
    return min(seconds)


# list


def test_list_names_every_clause_with_its_points_and_laws() -> None:
    done = conformance("list")
    assert (done.returncode, done.stderr) == (0, "")
    *lines, total = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(clauses())
    for line in lines:
        clause, count, _ = line.split(maxsplit=2)
        assert int(count) == sum(law.clause == clause for law in LAWS)
        points = {point.label for reading in READINGS[clause] for point in reading.points}
        assert set(re.findall(r"\[([^]]+)\]", line)) == points
    assert total.startswith(f"{len(clauses())} clauses, {len(LAWS)} laws;")


def test_list_costs_little_more_than_its_imports() -> None:
    """On an idle machine both take about half a second; 1.5 s is the promise."""
    floor = fastest([sys.executable, "-c", "import numpy, hypothesis, pytest"])
    assert fastest([sys.executable, "-m", "conformance.cli", "list"]) < max(1.5, 3 * floor)


# explain


@pytest.mark.parametrize("clause", clauses())
def test_explain_gives_law_readings_sources_and_laws(clause: str, capsys: pytest.CaptureFixture[str]) -> None:
    from conformance.cli import main

    assert main(["explain", clause]) == 0
    said = capsys.readouterr().out
    for reading in READINGS[clause]:
        assert reading.name in said
        assert reading.law in said
        assert all(f"[{point.label}]" in said for point in reading.points)
        assert all(source.link in said and source.symbol in said for source in reading.sources)
    for law in LAWS:
        assert (law.id in said) == (law.clause == clause)


def test_explain_puts_the_readings_of_a_clause_side_by_side() -> None:
    done = conformance("explain", "merging.mask")
    assert (done.returncode, done.stderr) == (0, "")
    assert "keras-2 and keras-3 before 3.4" in done.stdout
    assert "keras-3 from 3.4" in done.stdout


def test_explain_refuses_a_clause_that_there_is_not() -> None:
    sentence = refused("explain", "merging.nosuch")
    assert "there is no clause 'merging.nosuch'; there are " in sentence
    assert "merging.mask" in sentence
    assert "embedding.lookup" in refused("explain", "nosuch")


# backends and smoke


def test_backends_says_what_is_here() -> None:
    done = conformance("backends")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert set(lines) >= set(BUILT_IN)
    assert f"numpy {version('numpy')}" in lines["numpy"]
    assert "keras-2.2" in lines["numpy"]


def test_backends_says_why_one_is_not_here() -> None:
    """Where no package is found, every framework is missed by its name, and nothing breaks."""
    code = (
        "import backends, conformance.cli\n"
        "backends._installed = lambda package: False\n"
        "raise SystemExit(conformance.cli.main(['backends']))"
    )
    done = started([sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert lines["hf"].endswith("not available: transformers, torch not installed")
    assert "not available" not in lines["numpy"]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_smoke_proves_an_adapter(backend: str) -> None:
    if backend == "torch":
        pytest.importorskip("torch")
    done = conformance("smoke", backend)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    first, *checks = done.stdout.splitlines()
    assert first.startswith(f"{backend}: ")
    assert all(check.startswith("  ok   ") for check in checks)
    if backend == "torch":
        named = {check.removeprefix("  ok   ") for check in checks}
        assert {"round trip of bfloat16", "round trip of None", "weights of float64"} <= named


def test_smoke_blames_an_adapter_that_changes_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "adapters.py").write_text(
        "from backends.numpy_control import NumpyControl\n"
        "class Lossy(NumpyControl):\n"
        "    def smoke(self):\n"
        "        import numpy as np\n"
        "        yield 'round trip of float64', np.ones(1), np.ones(1, np.float32)\n"
        "        yield 'round trip of None', None, None\n"
    )
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "from conformance.cli import main\nraise SystemExit(main(['smoke', 'adapters:Lossy']))"
    )
    done = started([sys.executable, "-c", code])
    assert done.returncode == 1, done.stderr
    assert "FAIL round trip of float64: gave array([1.]), got array([1.], dtype=float32)" in done.stdout
    assert "ok   round trip of None" in done.stdout


def test_smoke_refuses_what_is_no_backend_or_no_device() -> None:
    assert "there is no backend 'nosuch'; choose from numpy, tf" in refused("smoke", "nosuch")
    assert "there is no dialect 'keras-4'" in refused("smoke", "numpy:keras-4")
    assert "cannot be imported" in refused("smoke", "nosuch.module:Class")
    assert "is not a subclass" in refused("smoke", "pathlib:Path")
    assert "numpy has no device 'gpu'; the devices here are cpu" in refused("smoke", "numpy", "--device=gpu")


# run, report, baseline, diff


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run of the control, made as a person would."""
    path = tmp_path_factory.mktemp("run")
    done = started(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--backend=numpy"),
            *("--in-process", "--cases=3", "--seed=7", f"--report-dir={path}"),
            *("-k", "merging", "conformance/laws"),
        ]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return path


def test_a_run_is_a_file_that_says_what_was_asked_for(folder: Path) -> None:
    run = read_run(folder)
    assert run.complete
    assert (run.header["seed"], run.header["cases"], run.header["backends"]) == (7, 3, ["numpy"])
    assert run.header["selection"]["keyword"] == "merging"
    assert run.header["selection"]["whole"] is False
    assert {verdict.law for verdict in run.verdicts} == {
        law.name for law in LAWS if law.clause.startswith("merging.")
    }
    judged = [verdict for verdict in run.verdicts if verdict.state is not State.NOT_APPLICABLE]
    assert all(verdict.state is State.PASS for verdict in judged)
    most = {law.name: (law.structures or 3) + law.pinned for law in LAWS}
    assert all(1 <= verdict.structures <= most[verdict.law] for verdict in judged)
    assert run.identities["numpy"]["identity"]["packages"]["numpy"] == version("numpy")


def test_report_makes_a_page_of_its_own(folder: Path, tmp_path: Path) -> None:
    done = conformance("report", folder, "-o", tmp_path / "page")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert str(tmp_path / "page" / "index.html") in done.stdout
    assert "merging.mask" in page
    assert not re.search(r"""(src|href)=["']https?://[^"']+\.(js|css)""", page)


def test_a_run_that_is_broken_or_not_there_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "there is no such run" in refused("report", tmp_path / "nosuch")
    broken = tmp_path / "run.jsonl"
    broken.write_bytes((folder / "run.jsonl").read_bytes().replace(b'"schema": 1', b'"schema": 99', 1))
    assert "schema 99 is not 1" in refused("report", broken, "-o", tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_baseline_of_a_run_does_not_differ_from_it(folder: Path, tmp_path: Path) -> None:
    done = conformance("baseline", folder, "-o", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = conformance("diff", tmp_path / "numpy.jsonl", folder)
    assert (done.returncode, done.stdout) == (0, "no difference\n")


# Wrong use


def test_wrong_use_says_what_is_right() -> None:
    for arguments in ((), ("nosuch",), ("list", "--nosuch"), ("explain",), ("report",)):
        done = conformance(*arguments)
        assert done.returncode == 2
        assert "usage: conformance" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m conformance.cli explain merging.mask | head -1"
    done = started(["bash", "-o", "pipefail", "-c", command])
    assert done.stdout == "merging.mask\n"
    assert "Traceback" not in done.stderr
