"""Laws: property tests that are bound to points of a clause."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Law:
    """A property test bound to points of a clause.

    name: the test's name, which is the claim. file: name of its module's file.
    structures: how many structures it draws, if it states a number of its own.
    """

    name: str
    file: str
    clause: str
    points: tuple[str, ...]
    structures: int | None
    test: Callable[..., Any]

    @property
    def id(self) -> str:
        """How pytest names it, without the backend."""
        return f"{self.file}::{self.name}"

    @property
    def pinned(self) -> int:
        """How many structures are pinned to it with `hypothesis.example`, beside those that it draws."""
        return len(getattr(self.test, "hypothesis_explicit_examples", ()))


LAWS: dict[str, Law] = {}


def law(clause: str, *points: str, structures: int | None = None) -> Callable[[Test], Test]:
    """Bind the decorated test, made with `hypothesis.given`, to points of a clause.

    The test takes a `backend` (`conformance.trial.Trial`) beside what Hypothesis draws.
    structures: how many structures an expensive law draws, instead of --cases.
    """

    def bind(test: Test) -> Test:
        file = PurePath(test.__code__.co_filename if not hasattr(test, "hypothesis") else _file(test)).name
        entry = Law(test.__name__, file, clause, points, structures, test)
        LAWS[entry.id] = entry
        test.law = entry  # type: ignore[attr-defined]
        return test

    return bind


def _file(test: Any) -> str:
    return str(test.hypothesis.inner_test.__code__.co_filename)


def load_laws() -> dict[str, Law]:
    """All laws that ship with the suite, by id, in the order of their files."""
    package = importlib.import_module("conformance.laws")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("test_"):
            importlib.import_module(f"conformance.laws.{module.name}")
    return LAWS
