"""Structures: what Hypothesis draws of a case, before numpy fills it with values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Structure:
    """The base of all structures: sizes, dtypes and flags, and a seed for the values.

    Drawing arrays element by element costs milliseconds; a structure and a fill cost a fraction,
    and one structure carries several fills.
    """

    seed: int

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        """The inputs of one case, of this structure, with random values."""
        raise NotImplementedError

    @property
    def fillable(self) -> bool:
        """Whether two fills can differ."""
        return True

    def cases(self, fills: int) -> list[dict[str, Any]]:
        """The inputs of `fills` cases; one if all fills are alike."""
        random = np.random.default_rng(self.seed)
        return [self.fill(random) for _ in range(fills if self.fillable else 1)]

    @property
    def key(self) -> Any:
        """What makes this structure distinct: everything but the seed."""
        return type(self).__name__, *(value for name, value in vars(self).items() if name != "seed")


@dataclass(frozen=True)
class Changed(Structure):
    """A structure whose cases are changed before they are used."""

    base: Structure
    change: Callable[[dict[str, Any]], dict[str, Any]]

    @classmethod
    def of(cls, base: Structure, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Changed:
        """The structure `base` with its cases changed."""
        return cls(base.seed, base, change)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        """The inputs of one case of the base, changed."""
        return self.change(self.base.fill(random))

    @property
    def fillable(self) -> bool:
        """Whether two fills of the base can differ."""
        return self.base.fillable

    @property
    def key(self) -> Any:
        """What makes the base distinct."""
        return self.base.key
