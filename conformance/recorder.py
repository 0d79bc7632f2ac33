"""Writes the run of a pytest session, in the one process that sees every report, and asks the gate."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.baseline import fitting, read_baselines, write_baselines
from conformance.gate import objections
from conformance.handle import Handle
from conformance.law import load_laws
from conformance.proposals import propose
from conformance.run import BrokenRun, Run, RunWriter, read_run
from conformance.session import ASKED, Asked
from conformance.verdict import State, Verdict

_ID = re.compile(r"(?:.*/)?(?P<file>[^/]+)::(?P<name>\w+)\[(?P<backend>[^]]+)\]$")


class Recorder:
    """Collects the lines of the laws' reports into one run file."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.writer: RunWriter | None = None
        self.verdicts: dict[str, Verdict] = {}
        self.surveys: list[dict[str, Any]] = []
        self.identities: dict[str, str] = {}
        self.selected: set[str] = set()
        self.objections: list[str] = []
        self.written: list[Path] = []
        self.remarks: list[str] = []
        self.problem = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a law has noted."""
        notes = [
            (name, text) for name, text in report.user_properties if str(name).startswith("conformance-")
        ]
        if report.when == "call":
            for name, text in notes:
                if name == "conformance-lines":
                    for line in json.loads(str(text)):
                        self._write(report.nodeid, line)
        elif report.when == "teardown":
            for name, text in notes:
                if name == "conformance-identity":
                    self._identity(str(text))
        if report.failed and report.nodeid not in self.verdicts:
            self._broken(report)

    def _write(self, nodeid: str, line: dict[str, Any]) -> None:
        if line["type"] == "verdict":
            self.verdicts[nodeid] = Verdict.from_json(line)
        elif line["type"] == "survey":
            self.surveys.append(line)
        self._open().write(line)

    def _identity(self, text: str) -> None:
        line = json.loads(text)
        if self.identities.get(line["backend"]) != text:
            self.identities[line["backend"]] = text
            self._open().write(line)

    def _broken(self, report: pytest.TestReport) -> None:
        """A law that ended without a verdict, such as when its pytest process died, is an error."""
        found = _ID.match(report.nodeid)
        asked = self.config.stash.get(ASKED, None)
        if found is None or asked is None or found["backend"] not in [c.name for c in asked.choices]:
            return
        law = load_laws().get(f"{found['file']}::{found['name']}")
        verdict = Verdict(
            found["name"],
            law.clause if law else "",
            law.points if law else (),
            found["backend"],
            "",
            State.ERROR,
            reason=str(report.longrepr).strip().splitlines()[-1][:500],
        )
        self._write(report.nodeid, verdict.to_json())

    def _open(self) -> RunWriter:
        if self.writer is None:
            self.writer = RunWriter(self._asked.folder, _header(self.config, self._asked))
        return self.writer

    @property
    def _asked(self) -> Asked:
        return self.config.stash[ASKED]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a process of pytest-xdist had selected, or why it refused to run the laws."""
        output = getattr(node, "workeroutput", {})
        self.selected.update(output.get("conformance_selected", ()))
        self.problem = self.problem or output.get("conformance_problem", "")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Ask the gate, and end the run."""
        from conformance.plugin import SELECTED

        if self.problem:
            raise pytest.UsageError(self.problem)
        own: list[str] = self.config.stash.get(SELECTED, [])
        self.selected.update(own)
        if (
            session.config.option.collectonly
            or ASKED not in self.config.stash
            or not (self.selected or self.surveys)
        ):
            return
        asked = self._asked
        interrupted = exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self.writer is None and interrupted:
            return
        self.objections = self._judge(asked)
        if self.objections and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if not interrupted:
            self._open().close(
                ended=datetime.now(UTC).isoformat(timespec="seconds"),
                exit=int(session.exitstatus),
                objections=self.objections,
                selected=sorted(self.selected),
            )
            if problem := self._update(asked):
                self.remarks.append(problem)
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _update(self, asked: Asked) -> str:
        """Write the proposed expectations and the baseline that were asked for; why that cannot be done."""
        folder = self.config.getoption("conformance_update_expectations")
        if folder is not None:
            versions = {
                name: json.loads(text)["identity"]["version"] for name, text in self.identities.items()
            }
            self.written += propose(self.verdicts.values(), versions, Path(folder))
        if self.config.getoption("conformance_update_baseline"):
            try:
                self.written += write_baselines(read_run(asked.folder), asked.baseline)
            except BrokenRun as error:
                return str(error)
        return ""

    def _judge(self, asked: Asked) -> list[str]:
        """What the gate objects to; a baseline that cannot be read is an objection."""
        baselines: dict[str, Run] = {}
        broken = []
        try:
            if not asked.options.against:
                found = read_baselines(asked.baseline, [choice.name for choice in asked.choices])
                who = {name: json.loads(text)["identity"] or {} for name, text in self.identities.items()}
                baselines, self.remarks = fitting(found, who, asked=asked.baseline_asked)
        except BrokenRun as error:
            broken = [f"a baseline cannot be read: {error}"]
        return broken + objections(
            self.verdicts,
            self.selected,
            baselines,
            whole=_whole(self.config),
            structures=asked.options.structures,
            surveys=self.surveys if asked.baseline_asked else None,
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Where the run is, and what the gate objects to."""
        if self.writer is None:
            return
        terminalreporter.section("conformance")
        for sentence in self.objections:
            terminalreporter.write_line(sentence, red=True)
        for sentence in self.remarks:
            terminalreporter.write_line(sentence)
        for path in self.written:
            terminalreporter.write_line(f"wrote {path}")
        counts = ", ".join(f"{n} {state}" for state, n in self.writer.counts.items())
        terminalreporter.write_line(_speed(self.writer.facts))
        terminalreporter.write_line(f"{counts}; seed {self._asked.options.seed}; run: {self.writer.path}")


def _speed(facts: list[dict[str, Any]]) -> str:
    """How many cases and structures a second, and what a case costs outside its backend."""
    cases, structures, distinct = (
        sum(fact[key] for fact in facts) for key in ("cases", "structures", "distinct")
    )
    seconds, inside = (sum(fact[key] for fact in facts) for key in ("seconds", "backend_seconds"))
    if not cases:
        return "no case was run"
    return (
        f"{cases} cases of {structures} structures ({distinct} distinct) in {seconds:.1f} s of laws: "
        f"{cases / seconds:.0f} cases and {distinct / seconds:.0f} distinct structures a second, "
        f"{inside:.1f} s inside the backends, {(seconds - inside) / cases * 1000:.2f} ms a case outside them"
    )


def identity_line(handle: Handle) -> dict[str, Any]:
    """The identity line of a backend that was started."""
    adapter = handle.choice.adapter
    return {
        "type": "identity",
        "backend": handle.choice.name,
        "identity": handle.identity,
        "operations": {operation.id: operation.kind for operation in handle.choice.operations().values()},
        "without": adapter.without,
    }


def header_lines(asked: Asked) -> list[str]:
    """What pytest prints above the tests."""
    lines = []
    for choice in asked.choices:
        packages = ", ".join(
            f"{name} {version}" for name, version in asked.handle(choice.name).versions().items()
        )
        judge = asked.options.judge(asked.handle(choice.name))
        process = "in this process" if asked.in_process else "in a worker"
        process += f" at {asked.place}" if asked.place.foreign else ""
        lines.append(
            f"conformance: backend {choice.name} ({packages}), judged by {judge.dialect}"
            f"{' ' + judge.version if judge.version else ''}, device {asked.device}, {process}"
        )
    options = asked.options
    lines.append(
        f"conformance: {options.structures} structures a law, seed {options.seed} "
        f"(replay it with {asked.seed_option})"
    )
    return lines


def _header(config: pytest.Config, asked: Asked) -> dict[str, Any]:
    return {
        "suite": conformance.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": asked.options.seed,
        "cases": asked.options.structures,
        "backends": [choice.name for choice in asked.choices],
        "device": asked.device,
        "against": asked.options.against,
        "selection": {
            "keyword": config.getoption("keyword"),
            "marker": config.getoption("markexpr"),
            "paths": [str(argument) for argument in config.args],
            "whole": _whole(config),
            "shard": config.getoption("conformance_shard"),
        },
    }


def _whole(config: pytest.Config) -> bool:
    """Whether all laws were selected."""
    options = ("keyword", "markexpr", "deselect", "conformance_shard")
    narrowed = any(config.getoption(option) for option in options)
    return not narrowed and not any(
        "::" in str(argument) or str(argument).endswith(".py") for argument in config.args
    )
