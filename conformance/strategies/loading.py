"""Loaders, random splits and samplers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.batches import BATCHES, SAMPLES
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Loader(Structure):
    """Tensors for a DataLoader. chosen: "all", "some" or "repeated". misfit: whether one is too short."""

    samples: int
    batch: int
    drop: bool
    shuffle: bool
    epochs: int
    chosen: str
    weighted: bool
    misfit: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        n = self.samples
        tensors: list[Array] = [random.standard_normal((n, 2)).astype(np.float32), random.integers(0, 3, n)]
        tensors += [random.permutation(n).astype(np.float64) + 0.5] if self.weighted else []
        if self.misfit:
            tensors[1] = tensors[1][:-1]
        some = [int(index) for index in random.permutation(n)[: max(1, n - 2)]]
        chosen = {"all": None, "some": some, "repeated": [0, *some, 0]}[self.chosen]
        return {
            "tensors": tensors,
            "chosen": chosen,
            "batch": self.batch,
            "drop": self.drop,
            "shuffle": self.shuffle,
            "seed": int(random.integers(1000)),
            "epochs": self.epochs,
        }


@dataclass(frozen=True)
class Dealt(Structure):
    """Samples and the lengths, or fractions, of the parts that they are dealt out to."""

    samples: int
    lengths: tuple[Any, ...]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        seed = int(random.integers(1000))
        return {"samples": self.samples, "lengths": list(self.lengths), "seed": seed}


@dataclass(frozen=True)
class Sampled(Structure):
    """Labels with weights of any sum, of which many are drawn."""

    samples: int
    draws: int

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        labels = np.resize([0, 1, 1], self.samples)
        weights = random.choice([0.0, 0.25, 1.0, 3.0, 0.5], self.samples)
        weights[:2] = random.choice([1.0, 2.0]), random.choice([1.0, 3.0])
        return {"labels": labels, "weights": weights, "draws": self.draws, "seed": self.seed}


@dataclass(frozen=True)
class Distinct(Structure):
    """Weights, some of them 0, and draws without replacement: as many as can come, fewer, or more."""

    samples: int
    zeros: int
    spare: int
    epochs: int

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        weights = random.choice([0.25, 1.0, 3.0, 100.0], self.samples)
        weights[random.permutation(self.samples)[: self.zeros]] = 0.0
        draws = self.samples - self.zeros - self.spare
        seed = int(random.integers(1000))
        return {"weights": weights, "draws": draws, "epochs": self.epochs, "seed": seed}


def _loaders(**fixed: Any) -> st.SearchStrategy[Loader]:
    drawn = {
        "seed": SEEDS,
        "samples": SAMPLES,
        "batch": BATCHES,
        "drop": st.booleans(),
        "shuffle": st.just(False),
        "epochs": st.sampled_from((2, 1)),
        "chosen": st.sampled_from(("all", "some", "repeated")),
        "weighted": st.booleans(),
    }
    return st.builds(Loader, **(drawn | fixed))


loaders = _loaders()
shuffled_loaders = _loaders(shuffle=st.just(True), weighted=st.just(True))
misfit_loaders = _loaders(samples=st.just(3), misfit=st.just(True))
_LENGTHS = (
    (3, 7),
    (0.3, 0.3, 0.4),
    (0.25, 0.75),
    (1 / 3, 1 / 3, 1 / 3),
    (0.15, 0.35, 0.5),
    (0.29, 0.29, 0.42),
    (5, 5),
    (10,),
)
dealt = st.builds(
    Dealt, seed=SEEDS, samples=st.just(10), lengths=st.sampled_from((*_LENGTHS, (3, 8), (0.5, 0.25), (4,)))
)
sampled = st.builds(Sampled, seed=SEEDS, samples=st.sampled_from((6, 3, 9)), draws=st.just(400_000))
drawn = st.builds(Sampled, seed=SEEDS, samples=st.sampled_from((6, 2)), draws=st.just(4096))
distinct = st.builds(
    Distinct,
    seed=SEEDS,
    samples=st.sampled_from((6, 5)),
    zeros=st.sampled_from((2, 0, 3)),
    spare=st.sampled_from((0, 1)),
    epochs=st.sampled_from((3, 1)),
)
too_many = st.builds(
    Distinct,
    seed=SEEDS,
    samples=st.just(6),
    zeros=st.sampled_from((2, 3)),
    spare=st.sampled_from((-1, -2)),
    epochs=st.just(1),
)
