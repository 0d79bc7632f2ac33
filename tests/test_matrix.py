"""A matrix of releases: kept, run, or not run with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import conformance.matrix as module
from conformance.matrix import Matrix, jobs_that_fit, parted
from conformance.releases import DONE, NoRelease, empty_cache, layer, layer_of, listed
from conformance.run import read_run


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAYER_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def matrix(folder: Path, said: list[str]) -> Matrix:
    return Matrix("torch", "torch", folder, 3, 1, "merging_gives_the_value", say=said.append, every=60.0)


@pytest.mark.framework
def test_a_matrix_goes_on_after_a_release_that_cannot_be_had_and_keeps_what_it_has(tmp_path: Path) -> None:
    from importlib.metadata import version

    here = version("torch").partition("+")[0]
    said: list[str] = []
    run = matrix(tmp_path, said)
    run.keyword = "a_row_of_weights_is_looked_up or an_embedding_holds_one_table"
    missing, first = run.run(["0.0.999", here], 2)
    assert (missing.how, first.how) == ("not run", "run")
    assert "torch==0.0.999 cannot be installed" in missing.said
    kept = read_run(run.path("0.0.999"))
    assert kept.footer is not None
    assert "cannot be installed" in kept.footer["not_run"]
    assert read_run(run.path(here)).verdicts
    (again,) = run.run([here], 1)
    assert again.how == "kept"
    run.cases = 4
    assert run._finished(here) is None


@pytest.mark.parametrize(("text", "parts"), [("hf", ("hf", "transformers")), ("tf@keras", ("tf", "keras"))])
def test_a_backend_and_its_package_are_parted(text: str, parts: tuple[str, str]) -> None:
    assert parted(text) == parts


@pytest.mark.parametrize("text", ["numpy", "tf@numpy"])
def test_what_has_no_releases_is_refused(text: str) -> None:
    with pytest.raises(NoRelease):
        parted(text)


def test_at_least_one_runs_at_a_time() -> None:
    assert 1 <= jobs_that_fit() <= (os.cpu_count() or 1)


def test_nothing_is_laid_over_what_is_not_pinned() -> None:
    assert layer_of(module.choose("torch")) is None


def test_a_full_disk_leaves_no_layer_and_the_next_request_makes_it(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installer meets a disk that takes only 4 KiB a file, as `ulimit -f` makes it."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(NoRelease, match=r"six==1\.16\.0 cannot be installed"):
            layer((("six", "1.16.0"),))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert listed() == []
    folder = layer((("six", "1.16.0"),))
    assert folder is not None
    assert (folder / DONE).exists()
    assert listed() == [(folder.name, listed()[0][1], True)]
    (folder / DONE).unlink()
    assert listed()[0][2] is False
    assert empty_cache() == 1
