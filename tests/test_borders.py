"""What an operation leaves behind: nothing that a later one could see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from backends import choose
from conformance.handle import WorkerHandle

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def jax() -> Iterator[WorkerHandle]:
    pytest.importorskip("jax")
    handle = WorkerHandle(choose("keras-jax"), "cpu")
    yield handle
    handle.close()


def reported(handle: WorkerHandle, route: str, samples: int) -> Any:
    """What a route reports of squared errors of 1 at two steps of each sample, each sample of weight 1."""
    x = np.zeros((samples, 2, 1), np.float32)
    inputs = {"x": x, "y": x + 1, "weights": np.ones(samples, np.float32), "batch": samples, "route": route}
    (outcome,) = handle.perform("weighting.paths", [inputs])
    return outcome.value if outcome.kind == "value" else outcome.error[0]


def test_a_fit_that_is_refused_leaves_no_trace(jax: WorkerHandle) -> None:
    """Keras on JAX takes the optimizer's state from a model that it fits, and after a refusal gives back
    what the last step left: nothing, if that was a step of evaluate."""
    assert reported(jax, "evaluate", 2) == 1.0
    assert reported(jax, "fit", 3) == "ValueError"  # weights of three samples, aligned to two steps
    assert reported(jax, "train_on_batch", 2) == 1.0


def test_an_array_and_its_tensor_share_no_memory(jax: WorkerHandle) -> None:
    checks = {
        what: (given.tolist(), got.tolist()) for what, given, got in jax.smoke() if "overwritten" in what
    }
    assert checks == {
        "a tensor whose array was overwritten": ([0.0] * 4, [0.0] * 4),
        "a tensor whose result was overwritten": ([0.0] * 4, [0.0] * 4),
    }
