"""Devices without a GPU: TensorFlow's and JAX's second logical CPU, and what torch says of a missing one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import faults
import numpy as np
import pytest

from backends import Choice
from backends.base import MissingDevice
from conformance.handle import WorkerHandle

pytestmark = pytest.mark.framework

LOOKUP = {"table": np.arange(6, dtype=np.float32).reshape(3, 2), "ids": np.array([2, 0], np.int32)}
UPSTREAM = np.ones((2, 2), np.float32)
SECOND = {"TellingTf": "CPU:1", "TellingJax": "cpu:1"}
FIRST = {"TellingTf": "CPU:0", "TellingJax": "cpu:0"}


@pytest.fixture(autouse=True, scope="module")
def on_the_path() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(faults.REPOSITORY / "tests"))
        patch.setenv("CUDA_VISIBLE_DEVICES", "-1")
        yield


@pytest.fixture(scope="module", params=SECOND)
def second(request: pytest.FixtureRequest) -> Iterator[tuple[str, WorkerHandle]]:
    """A backend in a fresh process on its second logical CPU device."""
    handle = WorkerHandle(Choice(request.param, f"misplaced:{request.param}"), "cpu:1")
    handle.start()
    yield request.param, handle
    handle.close()


def one(handle: WorkerHandle, operation: str, **inputs: Any) -> Any:
    (outcome,) = handle.perform(operation, [inputs])
    return outcome


def test_a_second_cpu_device_stands_in_the_identity(second: tuple[str, WorkerHandle]) -> None:
    _, handle = second
    assert handle.start()["device"] == "cpu:1"


def test_weights_inputs_and_results_are_on_the_device_that_was_asked_for(
    second: tuple[str, WorkerHandle],
) -> None:
    name, handle = second
    outcome = one(handle, "embedding.build", **LOOKUP)
    assert outcome.value == dict.fromkeys(("weights", "ids", "output"), SECOND[name])


def test_operations_give_their_values_there(second: tuple[str, WorkerHandle]) -> None:
    _, handle = second
    rows = LOOKUP["table"][LOOKUP["ids"]]
    np.testing.assert_array_equal(one(handle, "embedding.lookup", **LOOKUP).value, rows)
    for route in ("lookup", "one-hot", "dense"):
        outcome = one(handle, "embedding.equivalence", **LOOKUP, upstream=UPSTREAM, route=route)
        assert outcome.kind == "value", outcome.message
        np.testing.assert_array_equal(outcome.value[0], rows)
        np.testing.assert_array_equal(outcome.value[1], [[1, 1], [0, 0], [1, 1]])


def test_a_result_on_another_device_is_a_fault_that_names_both(second: tuple[str, WorkerHandle]) -> None:
    name, handle = second
    outcome = one(handle, "merging.mask", masks=[np.ones(2, np.bool_)])
    assert outcome.kind == "fault"
    assert outcome.message == f"a result is on {FIRST[name]}, and {SECOND[name]} was asked for"


def test_the_smoke_test_says_the_device(second: tuple[str, WorkerHandle]) -> None:
    name, handle = second
    checks = {what: (given, got) for what, given, got in handle.smoke()}
    assert checks["device of a tensor"] == (SECOND[name], SECOND[name])


def test_torch_refuses_every_device_that_is_not_there(torch: WorkerHandle) -> None:
    missing = ["cpu:1", "cuda", "cuda:0", "gpu", "nonsense"]
    outcome = one(torch, "embedding.build", devices=missing)
    assert outcome.value == [
        f"torch has no device {device!r}; the devices here are cpu:0" for device in missing
    ]


@pytest.fixture(scope="module")
def torch() -> Iterator[WorkerHandle]:
    handle = WorkerHandle(Choice("torch", "misplaced:TellingTorch"), "cpu")
    yield handle
    handle.close()


def test_a_torch_tensor_on_another_device_is_a_fault(torch: WorkerHandle) -> None:
    outcome = one(torch, "merging.mask", masks=[np.ones(2, np.bool_)])
    assert (outcome.kind, outcome.message) == ("fault", "a result is on meta, and cpu was asked for")


def test_jax_refuses_a_missing_device_and_names_those_that_are_there() -> None:
    handle = WorkerHandle(Choice("keras-jax", "misplaced:TellingJax"), "gpu")
    with pytest.raises(MissingDevice) as caught:
        handle.start()
    assert str(caught.value) == "jax has no device 'gpu'; the devices here are cpu:0"
