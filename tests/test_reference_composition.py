"""The chapter composition of the reference: examples by hand, and gradients by finite differences."""

from __future__ import annotations

from functools import partial
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given

from backends import choose
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.strategies.composition import training
from conformance.strategies.composition.training import Trained
from reference.composition import (
    actions_keras,
    call_keras_3,
    connectivity_keras_2,
    freezing_keras_2,
    freezing_keras_2_2,
    freezing_keras_3,
    gan_keras,
    sharing_keras,
    step_keras,
    step_torch,
)
from reference.composition.arithmetic import Numbers
from reference.composition.learning import KERAS_2, KERAS_2_2, KERAS_3
from reference.composition.machine import Machine, Tensor
from reference.errors import Refused
from reference.outcomes import Working

DOUBLE = np.dtype(np.float64)


def dense(kernel: Any, bias: Any) -> dict[str, Any]:
    return {"kind": "Dense", "weights": [np.array(kernel, np.float32), np.array(bias, np.float32)]}


def model(calls: list[Any], outputs: list[str], inputs: str = "a", form: str = "") -> dict[str, Any]:
    return {
        "kind": "Model",
        "inputs": [[name, [1], "float32"] for name in inputs],
        "form": form or ("list" if len(inputs) > 1 else "single"),
        "calls": calls,
        "outputs": outputs,
    }


LINE = {"d": dense([[2]], [1]), "m": model([[["b"], "d", ["a"]], [["c"], "d", ["b"]]], ["c"])}
"""2 (2 a + 1) + 1: one layer, used twice."""


def test_a_layer_used_twice_computes_twice_and_counts_once() -> None:
    x, one = [np.array([[1]], np.float32)], [np.ones((1, 1), np.float32)]
    assert call_keras_3(LINE, "m", x[0]).value == 7
    said = sharing_keras(LINE, "m", x, one, rules=KERAS_3)
    assert (said["parameters"], said["weights"]) == (2, 2)
    kernel, bias = said["gradients"]["d"]
    assert kernel.value == 3 + 2 * 1, "b = 3 at the second use, and 2 · a at the first"
    assert bias.value == 1 + 2


def test_a_regularizer_of_a_shared_kernel_counts_once() -> None:
    layers = {**LINE, "d": LINE["d"] | {"l2": 0.5}}
    ones = [np.ones((1, 1), np.float32)]
    said = sharing_keras(layers, "m", ones, ones, rules=KERAS_3)
    assert said["losses"].value == 2.0, "0.5 · 2²"


def test_a_regularizer_of_the_activity_counts_each_call() -> None:
    layers = {**LINE, "d": LINE["d"] | {"activity": 0.5}}
    x = [np.array([[1], [2]], np.float32)]
    calls = [[3, 5], [7, 11]]
    total = 0.5 * sum(y * y for call in calls for y in call)
    for rules, expected in ((KERAS_3, total / 2), (KERAS_2_2, total)):
        said = sharing_keras(layers, "m", x, [np.ones((2, 1), np.float32)], rules=rules)
        assert said["losses"].value == expected


def test_a_step_of_sgd_by_hand() -> None:
    layers = {"d": dense([[2]], [0]), "m": model([[["b"], "d", ["a"]]], ["b"])}
    x, y = [np.array([[3]], np.float32)], [np.array([[5]], np.float32)]
    said = step_keras(layers, "m", x, y, [], "sgd", {"learning_rate": 0.5}, 1, rules=KERAS_2)
    assert said["d"][0].value == 2 - 0.5 * 2 * (6 - 5) * 3
    assert said["d"][1].value == 0 - 0.5 * 2 * (6 - 5)


def test_the_first_step_of_adam_has_the_size_of_its_rate() -> None:
    layers = {"d": dense([[2]], [0]), "m": model([[["b"], "d", ["a"]]], ["b"])}
    options = {"learning_rate": 0.5, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.0}
    given = ("m", [np.array([[3]], np.float32)], [np.array([[5]], np.float32)], [], "adam", options, 1)
    for step in (partial(step_keras, rules=KERAS_2), step_torch):
        assert step(layers, *given)["d"][0].value == pytest.approx(1.5)


def test_the_question_of_the_seed() -> None:
    """A generator a -> b, and a discriminator of b and c that declares c alone; then both."""
    layers = {
        "paint": dense([[1]], [0]),
        "G": model([[["b"], "paint", ["a"]]], ["b"]),
        "join": {"kind": "Concatenate"},
        "D": model([[["p"], "join", ["b", "c"]]], ["p"], "c") | {"scope": "G"},
    }
    with pytest.raises(Refused, match="'a'"):
        connectivity_keras_2(layers, "D")
    repaired = layers | {"D": model([[["p"], "join", ["b", "c"]]], ["p"], "bc")}
    repaired["T"] = model([[["f"], "G", ["a"]], [["p"], "D", ["f", "c"]]], ["p"], "ac")
    assert connectivity_keras_2(repaired, "T") == {"inputs": 2, "weighted": ["paint"]}


def test_a_gan_by_hand() -> None:
    """Its generator g and discriminator d begin at 1, and have no biases to speak of."""
    layers = {
        "g": dense([[1]], [0]),
        "G": model([[["b"], "g", ["a"]]], ["b"]),
        "d": dense([[1]], [0]),
        "D": model([[["b"], "d", ["a"]]], ["b"]),
    }
    one = [np.ones((1, 1), np.float32)]
    real, fake, through = gan_keras(
        layers, "G", "D", one, one, "sgd", {"learning_rate": 0.1}, "compiled-once"
    )
    assert real["weights"]["d"][0].value == 1.0, "it says 1 of a real one already"
    assert fake["weights"]["d"][0].value == pytest.approx(1 - 0.1 * 2 * 1)
    assert fake["weights"]["g"][0].value == 1.0
    d, bias = 0.8, -0.2
    assert through["weights"]["g"][0].value == pytest.approx(1 - 0.1 * 2 * (d + bias - 1) * d)


def test_who_is_trained_after_an_inner_flag_is_set_back() -> None:
    inner = model([[["b"], "d", ["a"]]], ["b"])
    layers = {"d": dense([[1]], [0]), "i": inner, "m": model([[["b"], "i", ["a"]]], ["b"])}
    flags: list[list[Any]] = [["i", False], ["d", True]]
    assert freezing_keras_2(layers, "m", flags) == {"i": [], "m": []}
    assert freezing_keras_3(layers, "m", flags) == {"i": [], "m": ["d"]}
    assert freezing_keras_2_2(layers, "m", [["d", False], ["i", False], ["i", True]])["m"] == []
    assert freezing_keras_3(layers, "m", [["d", False], ["i", False], ["i", True]])["m"] == ["d"]


def test_a_flag_that_is_set_after_compiling_waits() -> None:
    layers = {"d": dense([[2]], [0]), "m": model([[["b"], "d", ["a"]]], ["b"])}
    given = (layers, "m", [np.ones((1, 1), np.float32)], [np.zeros((1, 1), np.float32)])
    options = {"learning_rate": 0.25, "momentum": 0.5}
    done = [["compile"], ["freeze", "d"], ["step"], ["compile"], ["step"]]
    said = actions_keras(*given, options, done, rules=KERAS_2)
    kernels = [float(state["weights"]["d"][0].value[0, 0]) for state in said]
    assert kernels == [2.0, 2.0, 1.0, 1.0, 1.0]
    assert [state["trains"] for state in said] == [["d"], [], [], [], []]


@hypothesis.settings(max_examples=40, deadline=None, database=None)
@given(
    structure=training.trained("sharing", kinds=("Dense", "Add", "Multiply", "BatchNormalization"), most=0)
)
def test_gradients_are_those_of_finite_differences(structure: Trained) -> None:
    (case,) = structure.cases(1)

    def loss(changed: Any) -> float:
        numbers = Numbers(np.dtype(np.float32), Working(DOUBLE, reverse=True))
        machine = Machine(numbers, changed)
        given = [Tensor(numbers.given(one)) for one in case["data"]]
        outputs = machine.run(case["model"], given)
        arriving = case["upstream"]
        return float(sum((o.value[0] * u).sum() for o, u in zip(outputs, arriving, strict=True)))

    said = sharing_keras(rules=KERAS_3, **case)["gradients"]
    for name, parts in said.items():
        for number, part in enumerate(parts):
            index = (0,) * part.value.ndim
            sides = []
            for shift in (1e-5, -1e-5):
                weights = [weight.astype(DOUBLE) for weight in case["layers"][name]["weights"]]
                weights[number][index] += shift
                sides.append(loss(case["layers"] | {name: case["layers"][name] | {"weights": weights}}))
            assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(part.value[index], abs=1e-6, rel=1e-5)


def test_a_fault_in_shared_models_is_shown_by_the_smallest_graph() -> None:
    name = "conformance.miniatures.composition:SharedModelOnce"
    laws = {law.name: law for law in load_laws().values()}
    law = laws["test_models_inside_models_do_what_their_layers_do"]
    verdict, _ = examine(law, LocalHandle(choose(name), "cpu"), Options(seed=1))
    assert verdict.divergence is not None
    layers = dict(dict(verdict.divergence["case"]["dict"])["layers"]["dict"])
    kinds = [dict(layer["dict"])["kind"] for layer in layers.values()]
    assert kinds.count("Model") == 2
    assert len(kinds) == 3, "one layer, in a model that another one uses twice"
