"""Simplifies the values of a counterexample, after Hypothesis has shrunk its structure.

The result is what a person would have written: zeros, ones and small whole numbers where any
will do. Greedy, and bounded in tries and in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from conformance.handle import Lost
from conformance.trial import Divergence

Inputs = dict[str, Any]

TRIES = 300
SECONDS = 10.0
LARGE = 1000  # elements from which on an array is not simplified one by one


def minimize(divergence: Divergence) -> Divergence:
    """The divergence on the simplest values that were found to show it too."""
    best = divergence

    def attempt(candidate: Inputs) -> Inputs | None:
        nonlocal best
        again = best.retry(candidate)
        if again is None:
            return None
        best = again
        return again.inputs

    simplify(divergence.inputs, attempt)
    return best


def simplify(inputs: Inputs, attempt: Callable[[Inputs], Inputs | None]) -> Inputs:
    """The simplest inputs found that `attempt` accepts; it returns the inputs to go on from, or None."""
    best = inputs
    end = time.monotonic() + SECONDS
    tries = 0
    improved = True
    while improved and tries < TRIES and time.monotonic() < end:
        improved = False
        for candidate in _simpler(best):
            tries += 1
            if tries > TRIES or time.monotonic() > end:
                break
            try:
                accepted = attempt(candidate)
            except Lost:  # a simpler case ends the backend; what was found stands
                return best
            except Exception:  # noqa: S112 - the candidate is outside what the reading is defined for
                continue
            if accepted is not None:
                best, improved = accepted, True
                break
    return best


def _simpler(inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The inputs with one array made simpler, the boldest steps first."""
    places = list(_arrays(inputs, ()))
    for path, array in places:
        for value in (0, 1):
            plain = np.full_like(array, value)
            if _rank(plain) < _rank(array):
                yield _replace(inputs, path, plain)
    for path, array in places:
        if array.size > LARGE:
            continue
        for index in np.ndindex(array.shape):
            for value in (0, 1, 2, 3):
                simple = array.copy()
                simple[index] = value
                if _rank(simple) < _rank(array):
                    yield _replace(inputs, path, simple)


def _rank(array: np.ndarray[Any, Any]) -> tuple[float, ...]:
    """How complicated an array's values are: the smaller, the simpler."""
    if array.dtype.kind == "b":
        return (float(array.sum()),)
    values = array.astype(np.float64).reshape(-1)
    odd = ~np.isfinite(values) | (values != np.round(values)) | np.signbit(values)
    return float(odd.sum()), float(np.abs(np.where(np.isfinite(values), values, 1e30)).sum())


def _arrays(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    if isinstance(value, np.ndarray):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _arrays(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _arrays(item, (*path, index))


def _replace(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """`value` with the thing at `path` replaced."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: _replace(v, rest, new) if k == head else v for k, v in value.items()}
    return type(value)(_replace(v, rest, new) if i == head else v for i, v in enumerate(value))
