"""A run: one execution's record, a file of JSON lines with a header and a footer.

It is written line by line as the execution goes, so that a run that is killed keeps what it had;
without its footer it is recognized as incomplete.

    header     suite, seed, cases, backends, device, selection, and the laws that were selected; and under
               `each` what all verdict and survey lines have that do not say otherwise
    identity   one a backend that was started: versions, device, modes, and its operations
    verdict    one a law and backend (`conformance.verdict.Verdict`)
    survey     one a pinned case of an OPEN point and backend
    footer     counts, what each law cost and found, the exit status, and what the gate objected to
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.verdict import Verdict

SCHEMA = 1
FILE_NAME = "run.jsonl"
REPRODUCED = "reproductions.json"
FACTS = ("law", "backend", "structures", "distinct", "cases", "seconds", "backend_seconds", "margin")
"""What the footer says of each law."""
KEYS = {
    "identity": {"backend", "identity"},
    "verdict": {"law", "clause", "points", "backend", "dialect", "state"},
    "survey": {"backend", "clause", "point", "name", "outcome"},
    "footer": {"verdicts"},
}
"""The keys that a line of each type must have."""


SHAPES = {"backends": list, "selected": list, "selection": dict, "each": dict}
"""What must stand under some keys of a header, if anything does."""


class BrokenRun(ValueError):
    """A run file that cannot be read as one; the message names the file, the line and the fix."""


@dataclass
class Run:
    """A run as it was read. `footer` is None if the run did not come to its end.

    reproduced: by law and backend, such as `test_…[tf]`, whether its reproduction showed the divergence
    outside the suite; only those that were run.
    """

    path: Path
    header: dict[str, Any]
    identities: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    surveys: list[dict[str, Any]] = field(default_factory=list)
    footer: dict[str, Any] | None = None
    reproduced: dict[str, bool] = field(default_factory=dict)

    def identity(self, backend: str) -> dict[str, Any]:
        """What a backend said of itself, empty if it never started."""
        said = self.identities.get(backend, {}).get("identity")
        return said if isinstance(said, dict) else {}

    def each(self, kind: str) -> dict[str, Any]:
        """What lines of a kind have that do not say otherwise."""
        said = (self.header.get("each") or {}).get(kind)
        return said if isinstance(said, dict) else {}

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return self.footer is not None


class RunWriter:
    """Writes a run; every line is on the disk before the next law begins."""

    def __init__(self, folder: Path, header: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self.counts: Counter[str] = Counter()
        self.facts: list[dict[str, Any]] = []
        self.path.write_bytes(b"")
        (folder / REPRODUCED).unlink(missing_ok=True)
        self.write({"type": "header", "schema": SCHEMA, **header})

    def write(self, line: dict[str, Any]) -> None:
        """Append one line; the file is open no longer than that, since a run may end at any time."""
        with self.path.open("ab") as file:
            file.write(encoded(line))
        if line["type"] == "verdict":
            self.facts.append({name: line[name] for name in FACTS})
            self.counts[f"expected {line['state']}" if line["expected"] else line["state"]] += 1

    def close(self, **footer: Any) -> None:
        """Write the footer."""
        self.write({"type": "footer", "verdicts": dict(self.counts), "laws": self.facts, **footer})


def encoded(line: dict[str, Any], separators: tuple[str, str] = (", ", ": ")) -> bytes:
    """A line of a run as UTF-8, a lone surrogate as JSON's escape for it."""
    text = json.dumps(line, ensure_ascii=False, allow_nan=False, separators=separators)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def read_run(path: Path) -> Run:
    """The run in a file, or in a folder that holds `run.jsonl`; BrokenRun says what is wrong with it."""
    path = path / FILE_NAME if path.is_dir() else path
    if not path.exists():
        raise BrokenRun(f"{path}: there is no such run; a run is written by pytest --backend=…")
    *lines, cut = path.read_bytes().split(b"\n")
    if not lines:
        what = "its header line is cut off" if cut else "the file is empty"
        raise BrokenRun(f"{path}: {what}, so nothing of the run was kept; run again")
    run = Run(path, _header(path, _parse(path, 1, lines[0])))
    for number, line in enumerate(lines[1:], 2):
        _take(run, number, _parse(path, number, line))
    if cut and run.footer is not None:
        raise BrokenRun(f"{path}, line {len(lines) + 1}: something after the footer; two runs in one file?")
    _nothing_lost(run)
    run.reproduced = _reproduced(path.parent / REPRODUCED)
    return run


def _reproduced(path: Path) -> dict[str, bool]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise BrokenRun(f"{path}: not JSON ({error}); make it again with conformance reproduce") from None
    if not isinstance(found, dict) or not all(type(shows) is bool for shows in found.values()):
        raise BrokenRun(f"{path}: an object of true and false was expected; run conformance reproduce again")
    return found


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """One whole line as an object. What a kill has cut off is no whole line, and is never parsed."""
    try:
        data = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BrokenRun(
            f"{path}, line {number}: byte {error.start + 1} is not UTF-8; a run file is never edited by hand"
        ) from None
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BrokenRun(f"{path}, line {number}: not JSON ({what}): {_start(line)}") from None
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise BrokenRun(f"{path}, line {number}: an object with a type was expected: {_start(line)}")
    return data


def _start(line: bytes) -> str:
    return repr(line[:80].decode("utf-8", "replace"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _header(path: Path, line: dict[str, Any]) -> dict[str, Any]:
    if line["type"] != "header":
        raise BrokenRun(f"{path}, line 1: a run begins with its header, this is a {line['type']!r}")
    if line.get("schema") != SCHEMA:
        raise BrokenRun(
            f"{path}, line 1: schema {line.get('schema')!r} is not {SCHEMA}, the one this suite reads; "
            "read it with the suite that wrote it, or run again"
        )
    for key, kind in SHAPES.items():
        if not isinstance(line.get(key) or kind(), kind):
            raise BrokenRun(
                f"{path}, line 1: under {key!r} a {kind.__name__} was expected: {line[key]!r:.80}"
            )
    return line


def _take(run: Run, number: int, line: dict[str, Any]) -> None:
    """Put one line after the header where it belongs."""
    where = f"{run.path}, line {number}"
    if run.footer is not None or line["type"] == "header":
        after = "after the footer" if run.footer is not None else "that is a second header"
        raise BrokenRun(f"{where}: a line {after}; two runs in one file?")
    kind = line["type"]
    if kind in ("verdict", "survey"):
        line = {**run.each(kind), **line}
    if kind not in KEYS:
        raise BrokenRun(f"{where}: lines of type {kind!r} are not known")
    if absent := KEYS[kind] - set(line):
        raise BrokenRun(f"{where}: {kind} line without {', '.join(sorted(absent))}")
    match kind:
        case "identity":
            run.identities[line["backend"]] = line
        case "verdict":
            try:
                run.verdicts.append(Verdict.from_json(line))
            except (TypeError, ValueError) as error:
                raise BrokenRun(f"{where}: a verdict line that is none: {error}") from None
        case "survey":
            run.surveys.append(line)
        case "footer":
            run.footer = line


def _nothing_lost(run: Run) -> None:
    """A run that came to its end holds as many verdicts as its footer has counted."""
    if run.footer is None:
        return
    counts = run.footer["verdicts"]
    if not isinstance(counts, dict) or not all(type(number) is int for number in counts.values()):
        raise BrokenRun(f"{run.path}: the footer's counts of verdicts are none: {counts!r}")
    if (counted := sum(counts.values())) != len(run.verdicts):
        raise BrokenRun(
            f"{run.path}: the footer counts {counted} verdicts and the file holds {len(run.verdicts)}; "
            "lines were lost or added, so run again"
        )
