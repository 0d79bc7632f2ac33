"""Teeth: what shows that the suite catches what is wrong and accepts what is right, in figures.

The figures of the latest full runs stand in `results/`, as the commands wrote them: mutants.json,
points.json, coverage.json, soak.json, flakes.json, detection.json. The report shows them; nothing in them
is typed by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def results(name: str, folder: Path = RESULTS) -> Any:
    """The figures of a kind, None if there are none yet."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def keep(name: str, data: Any, folder: Path = RESULTS) -> Path:
    """Write the figures of a kind."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
