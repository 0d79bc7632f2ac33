"""The columns of every table: a backend in a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from conformance.run import Run
from conformance.upstream import versions_of


@dataclass(frozen=True)
class Column:
    """A backend in a run.

    key: names the column in deep links; the backend's name, with `~2` where it stands for the second time.
    run: number of the run on the page, from 1. shared: whether another column has the same name.
    identity: what the adapter said of itself, empty if the backend never started.
    operations: native or composed, by clause. without: why an operation is lacking, by clause.
    """

    key: str
    name: str
    run: int
    against: str | None
    complete: bool
    started: bool
    identity: dict[str, Any]
    operations: dict[str, str]
    without: dict[str, str]
    shared: bool = False

    @property
    def version(self) -> str:
        """The version under test, empty if none is known."""
        return str(self.identity.get("version") or "")

    @property
    def dialect(self) -> str:
        """The dialect whose readings judged it."""
        return str(self.against or self.identity.get("dialect") or "")

    @property
    def device(self) -> str:
        """The device as it was asked for."""
        return str(self.identity.get("device") or "")

    @property
    def packages(self) -> str:
        """The packages with their versions, in one line."""
        return ", ".join(
            f"{name} {version or 'absent'}" for name, version in _items(self.identity.get("packages"))
        )

    @property
    def versions(self) -> str:
        """The packages and the machine, as the text of an issue says them."""
        return versions_of(self.identity)

    @property
    def modes(self) -> str:
        """The modes that change results, in one line."""
        return ", ".join(f"{name} = {value}" for name, value in _items(self.identity.get("modes")))


def columns_of(runs: list[Run]) -> list[Column]:
    """One column a backend and run, in the order of the headers."""
    seen: Counter[str] = Counter()
    found: list[Column] = []
    for number, run in enumerate(runs, 1):
        for name in backend_names(run):
            seen[name] += 1
            line = run.identities.get(name, {})
            plain = "-".join(name.split())
            found.append(
                Column(
                    key=plain if seen[name] == 1 else f"{plain}~{seen[name]}",
                    name=name,
                    run=number,
                    against=run.header.get("against"),
                    complete=run.complete,
                    started=bool(line),
                    identity=dict(_items(line.get("identity"))),
                    operations=dict(_items(line.get("operations"))),
                    without=dict(_items(line.get("without"))),
                )
            )
    return [replace(column, shared=seen[column.name] > 1) for column in found]


def backend_names(run: Run) -> list[str]:
    """Every backend that a run speaks of, those of its header first."""
    spoken = [*run.header.get("backends", ()), *run.identities, *(v.backend for v in run.verdicts)]
    return list(dict.fromkeys(spoken))


def _items(value: Any) -> list[tuple[str, Any]]:
    """The items of an object, none for anything else."""
    return list(value.items()) if isinstance(value, dict) else []
