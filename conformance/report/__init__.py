"""The report: one self-contained HTML page, made from runs and the reference alone."""

from __future__ import annotations

from pathlib import Path

from conformance.run import Run

FILE_NAME = "index.html"


def write_report(runs: list[Run], folder: Path, before: list[Run] | None = None) -> Path:
    """Write `folder/index.html` about any number of runs, none included, and return its path.

    before: runs to compare them with.
    """
    from conformance.report.model import build
    from conformance.report.render import render

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    path.write_text(render(build(runs, before)), encoding="utf-8", errors="backslashreplace")
    return path
