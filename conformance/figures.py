"""Figures of a law: what a reading predicts and what came, number by number, for people to look at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.tolerance import bound
from conformance.verdict import Figure
from reference.outcomes import Bounded

Array = np.ndarray[Any, Any]


def figures(expected: dict[str, Bounded], actual: dict[str, Array], flushes: bool) -> list[Figure]:
    """A figure for each name, of outcomes that agree."""
    return [_figure(name, said, actual[name], flushes) for name, said in expected.items()]


def _figure(name: str, said: Bounded, came: Array, flushes: bool) -> Figure:
    predicted, got = (np.asarray(part, np.float64).ravel() for part in (said.value, came))
    limit, error = bound(said, flushes=flushes).ravel(), np.abs(got - predicted)
    largest, farthest = int(np.abs(predicted).argmax()), int(error.argmax())
    both = float(f"{predicted[largest]:.8g}"), float(f"{got[largest]:.8g}")
    return name, *both, float(f"{error[farthest]:.2g}"), float(f"{limit[farthest]:.2g}")


def lesson(inputs: dict[str, Any], told: Any) -> dict[str, Any]:
    """What a training told, or should: the first gradient if it was one step, the losses if it was more.

    inputs: of batches.weights, with a rate of 1, so that what a step takes from a kernel is its gradient.
    """
    losses, kernels = told
    if inputs["epochs"] > 1:
        return {f"loss of step {number}": loss for number, loss in enumerate(losses, 1)}
    pairs = zip(inputs["kernels"], kernels, strict=True)
    return {
        f"first gradient of kernel {number}": _taken(before, after)
        for number, (before, after) in enumerate(pairs, 1)
    }


def _taken(before: Array, after: Any) -> Any:
    wide = before.astype(np.float64)
    return replace(after, value=wide - after.value) if isinstance(after, Bounded) else wide - after
