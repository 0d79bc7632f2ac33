"""The modules of the packages, and a failure that lists every violation of a rule at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("reference", "backends", "conformance")


def modules(package: str) -> list[Path]:
    """The files of a package; there are some."""
    found = sorted((REPOSITORY / package).rglob("*.py"))
    assert found, f"there is no module in {package}"
    return found


def name_of(path: Path) -> str:
    """A file as it is named in a message."""
    return path.relative_to(REPOSITORY).as_posix()


def assert_none(violations: Iterator[str] | list[str]) -> None:
    """Fail with every violation, one a line."""
    found = list(violations)
    assert not found, "\n".join(["", *found])
