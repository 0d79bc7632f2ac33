"""A backend at many releases: the laws on each, one run file a release, several at a time.

A release whose run came to its end is not run again; one that cannot be installed or started is
`not run`, with the reason in its run file, and the others go on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import conformance
from backends import choose
from conformance.releases import NoRelease, layer_of
from conformance.run import FILE_NAME, BrokenRun, Run, RunWriter, read_run

MEMORY = 3.0
"""Gigabytes that one release may need, worker and pytest together."""

SHRINKING = 3.0
"""Seconds to look for the smallest case; an old release may fail often."""


def _unsaid(text: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Ended:
    """What came of one release: "kept", "run" or "not run", and a sentence."""

    version: str
    how: str
    said: str


@dataclass
class Matrix:
    """The laws on each release of one package of a backend.

    backend, package: such as "keras-torch" and "keras". folder: gets BACKEND/VERSION/run.jsonl.
    keyword: pytest's -k. reproductions: whether each divergence is shown by a script of its own.
    say: told what is being done.
    every: seconds between two words on a release that still runs.
    """

    backend: str
    package: str
    folder: Path
    cases: int
    seed: int
    keyword: str = ""
    reproductions: bool = False
    say: Callable[[str], None] = _unsaid
    every: float = 30.0

    def run(self, versions: list[str], jobs: int) -> list[Ended]:
        """Run the laws on every release, at most `jobs` at a time."""
        self.say(f"{self.backend}: {len(versions)} releases of {self.package}, {jobs} at a time")
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(self._one, versions))

    def name(self, version: str) -> str:
        """The release as --backend takes it."""
        return f"{self.backend}@{self.package}=={version}"

    def path(self, version: str) -> Path:
        """Where the run of a release is."""
        return self.folder / self.backend.replace(":", "-") / version / FILE_NAME

    def _one(self, version: str) -> Ended:
        if (run := self._finished(version)) is not None:
            return self._told(Ended(version, "kept", _counts(run)))
        try:
            start = time.monotonic()
            layer_of(choose(self.name(version)))
            self.say(f"{version}: here after {time.monotonic() - start:.0f} s, runs")
        except NoRelease as problem:
            return self._not_run(version, str(problem))
        return self._performed(version)

    def _finished(self, version: str) -> Run | None:
        """The run of a release that came to its end, of the same laws and as many cases."""
        try:
            run = read_run(self.path(version))
        except BrokenRun:
            return None
        asked = (self.cases, self.seed, self.keyword, conformance.__version__)
        header = run.header
        selection = header.get("selection") or {}
        had = (
            header.get("cases"),
            header.get("seed"),
            selection.get("keyword") or "",
            header.get("suite"),
        )
        whole = run.footer is not None and "not_run" not in run.footer
        return run if whole and had == asked else None

    def _performed(self, version: str) -> Ended:
        """Run pytest on the laws in a process of its own."""
        path = self.path(version)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "--pyargs", "conformance.laws"]
        command += ["-p", "no:cacheprovider", "-q", "--tb=no"]
        command += [f"--backend={self.name(version)}", f"--cases={self.cases}", f"--seed={self.seed}"]
        command += [f"--report-dir={path.parent}", f"--shrinking={SHRINKING}"]
        command += [] if self.reproductions else ["--no-reproductions"]
        command += ["-k", self.keyword] if self.keyword else []
        with (path.parent / "pytest.log").open("w+", encoding="utf-8") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            try:
                self._watch(version, process)
            finally:
                process.kill()
            log.seek(0)
            said = log.read()
        try:
            run = read_run(path)
        except BrokenRun:
            return self._not_run(version, _reason(said))
        if not run.complete:
            return self._told(Ended(version, "not run", f"was cut off, see {path.parent / 'pytest.log'}"))
        return self._told(Ended(version, "run", _counts(run)))

    def _watch(self, version: str, process: subprocess.Popen[bytes]) -> None:
        """Wait for a release, and say now and then how far it is."""
        start = time.monotonic()
        while True:
            try:
                process.wait(self.every)
                return
            except subprocess.TimeoutExpired:
                path = self.path(version)
                lines = path.read_bytes().count(b'{"type": "verdict"') if path.exists() else 0
                self.say(f"{version}: {lines} laws after {time.monotonic() - start:.0f} s")

    def _not_run(self, version: str, reason: str) -> Ended:
        """Keep in a run file why a release was not run."""
        header = {
            "suite": conformance.__version__,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": self.seed,
            "cases": self.cases,
            "backends": [self.name(version)],
            "selection": {"keyword": self.keyword, "whole": not self.keyword},
        }
        RunWriter(self.path(version).parent, header).close(not_run=reason)
        return self._told(Ended(version, "not run", reason))

    def _told(self, ended: Ended) -> Ended:
        self.say(f"{ended.version}: {ended.how}: {ended.said}")
        return ended


def parted(text: str) -> tuple[str, str]:
    """Backend and package of a text such as "keras-torch@keras"; without a package it is the first one."""
    backend, _, package = text.partition("@")
    packages = choose(backend).adapter.packages
    if not packages:
        raise NoRelease(f"{backend} has no package, so it has no releases")
    if package and package not in packages:
        raise NoRelease(f"{text}: {package!r} is no package of {backend}; it has {', '.join(packages)}")
    return backend, package or packages[0]


def jobs_that_fit() -> int:
    """As many at a time as processors and free memory allow, at least one."""
    processors = os.cpu_count() or 1
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 2**20
    except (OSError, StopIteration):
        return 1
    return max(1, min(processors, int(free / MEMORY)))


def _counts(run: Run) -> str:
    counts = (run.footer or {}).get("verdicts", {})
    return ", ".join(f"{number} {state}" for state, number in counts.items()) or "no verdict"


def _reason(said: str) -> str:
    """Why pytest did not begin: its own last sentence."""
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line.partition("ERROR: ")[2] for line in lines if "ERROR: " in line]
    return (errors or lines or ["pytest said nothing"])[-1]
