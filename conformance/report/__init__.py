"""The report: one self-contained HTML page, made from runs and the reference alone."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.run import Run

FILE_NAME = "index.html"
DATA_NAME = "report.json"
TEETH_NAME = "teeth.html"
ARCHITECTURES_NAME = "architectures.html"


def write_report(
    runs: list[Run], folder: Path, before: list[Run] | None = None, accepted: list[Run] | None = None
) -> Path:
    """Write `folder/index.html` about any number of runs, none included, and return its path.

    Beside it stand `report.json`, the same as data, `teeth.html`, about the suite itself, and
    `architectures.html`; it refers to a `history.html` that is there already.
    before: runs to compare them with. accepted: baselines, beside whose margins these are drawn.
    """
    from conformance.report import history
    from conformance.report.architectures import architectures_of
    from conformance.report.data import data_of
    from conformance.report.model import build
    from conformance.report.render import render, render_architectures, render_teeth
    from conformance.report.teeth import teeth_of

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    page = build(runs, before, accepted)
    html = render(page, history=(folder / history.FILE_NAME).exists())
    path.write_text(html, encoding="utf-8", errors="backslashreplace")
    twin = json.dumps(data_of(page, runs), indent=1)
    (folder / DATA_NAME).write_text(twin + "\n", encoding="utf-8")
    (folder / TEETH_NAME).write_text(render_teeth(teeth_of()), encoding="utf-8")
    table = render_architectures(architectures_of())
    (folder / ARCHITECTURES_NAME).write_text(table, encoding="utf-8")
    return path
