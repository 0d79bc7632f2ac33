"""Which lines and branches of the reference the laws alone run through, as coverage.py counts them.

What states no law is left out: the registry of readings, the names of dialects and of sources, and where
a reading says that it states nothing.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import conformance
import reference
from conformance.mutants.plan import MACHINERY

SILENT = "raise NotStated"
"""How a reading says that it states nothing; a law is not shown to a reading that it does not speak of."""


class NoCoverage(Exception):
    """Coverage cannot be measured; the message says why."""


def measure(structures: int, seed: int, scope: tuple[str, ...]) -> dict[str, Any]:
    """Run the laws on all readings under coverage.py: the figures, and what was missed, file by file."""
    if importlib.util.find_spec("coverage") is None:
        raise NoCoverage("coverage.py is not installed: pip install -c constraints.txt -e '.[dev]'")
    root = Path(str(reference.__file__)).parent
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "data", Path(folder) / "report.json"
        settings = Path(folder) / "settings"
        settings.write_text(f"[report]\nexclude_also = {SILENT}\n", encoding="utf-8")
        run = ["run", "--branch", f"--source={root}", f"--omit={_machinery(root)}", f"--data-file={data}"]
        walked = _coverage([*run, "-m", "conformance.teeth.walk", str(structures), str(seed), *scope])
        made = ["json", "-q", f"--rcfile={settings}", f"--data-file={data}", "-o", str(report)]
        _coverage(made)
        found = json.loads(report.read_text(encoding="utf-8"))
    return {
        "suite": conformance.__version__,
        "structures": structures,
        "seed": seed,
        "scope": list(scope),
        "cases": int(walked.split()[-1]),
        **summarize(found, root.parent),
    }


def _machinery(root: Path) -> str:
    """The files of the modules that state no law, as coverage.py wants them."""
    return ",".join(str(root / f"{name.partition('.')[2]}.py") for name in sorted(MACHINERY) if "." in name)


def summarize(found: dict[str, Any], root: Path) -> dict[str, Any]:
    """The figures of a report of coverage.py, and the lines and branches that were missed."""
    missed: list[list[Any]] = []
    for name, file in found["files"].items():
        place, text = _place(name, root), (root / name).read_text(encoding="utf-8").splitlines()
        missed += [[place, line, None, text[line - 1].strip()] for line in file["missing_lines"]]
        # A branch from a line that was never run is no news.
        missed += [
            [place, start, end, text[start - 1].strip()]
            for start, end in file["missing_branches"]
            if start not in file["missing_lines"]
        ]
    totals = found["totals"]
    return {
        "lines": [totals["covered_lines"], totals["num_statements"]],
        "branches": [totals["covered_branches"], totals["num_branches"]],
        "missed": sorted(missed, key=lambda one: (one[0], one[1], one[2] or 0)),
    }


def sentences(figures: dict[str, Any]) -> list[str]:
    """What was missed, a line each, with the text of the line."""
    found = []
    for name, start, end, text in figures["missed"]:
        way = "" if end is None else f" → {'the end' if end < 0 else end}"
        found.append(f"{name}:{start}{way}: {text}")
    return found


def _place(name: str, root: Path) -> str:
    path = Path(name).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else name


def _coverage(arguments: list[str]) -> str:
    """What a run of coverage.py printed; its progress goes to standard error as it comes."""
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise NoCoverage(f"coverage.py ended with status {done.returncode}: see what it said above")
    return done.stdout
