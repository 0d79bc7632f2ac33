"""Laws whose structures the rules of a state machine lead to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis.stateful import rule

from backends import choose
from backends.base import operation
from backends.codec import from_json
from backends.numpy_control import NumpyControl
from conformance import minimize
from conformance.drawing import recorded
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.stateful import STEPS, Driven, driven
from conformance.structure import Structure
from conformance.trial import SHRINKING
from conformance.verdict import State, Verdict
from reference.composition import actions as reading
from reference.composition.actions import GROWING
from reference.composition.arithmetic import Numbers
from reference.composition.learning import KERAS_2, Order, Rules
from reference.composition.machine import Layers, Machine, Tensor, dtype_of, in_turn
from reference.outcomes import ORACLE, Working

LAW = {law.name: law for law in load_laws().values()}["test_a_model_may_grow_between_any_two_actions"]
ANEW = "conformance.miniatures.composition_growing:GrownAnew"
SECOND = f"{__name__}:SecondUseUntaught"
RULES = {"add", "share", "nest", "freeze", "unfreeze", "compile", "step", "reload", "clone"}


class _Detached(Machine):
    """A machine in which a gradient reaches one call of a model inside a model, and no other."""

    def run(self, name: str, inputs: list[Tensor]) -> list[Tensor]:
        layer = self.layers[name]
        if layer["kind"] != "Model":
            return super().run(name, inputs)
        known = {given[0]: tensor for given, tensor in zip(layer["inputs"], inputs, strict=True)}
        seen: set[str] = set()
        for outputs, called, arguments in layer["calls"]:
            came = self.run(called, [known[one] for one in arguments])
            if called in seen and self.layers[called]["kind"] == "Model":
                came = [Tensor(one.value) for one in came]
            seen.add(called)
            known |= zip(outputs, came, strict=True)
        return [known[output] for output in layer["outputs"]]


class _Detaching(Rules):
    """The rules of Keras 2 on such a machine."""

    def machine(self, layers: Layers, working: Working, order: Order = in_turn) -> Machine:
        return _Detached(Numbers(dtype_of(layers), working), layers, bessel=self.bessel, order=order)


class SecondUseUntaught(NumpyControl):
    """A model that a model made around it calls again learns nothing by the second call."""

    name = "second-use-untaught"
    dialect = "keras-2"
    rules = _Detaching(**vars(KERAS_2))

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        return reading._acted(self.rules, **inputs, working=ORACLE)


def judged(miniature: str, shrinking: float = SHRINKING) -> Verdict:
    """The law on a miniature, with so many structures that what it draws first does not matter."""
    verdict, _ = examine(
        replace(LAW, structures=600), LocalHandle(choose(miniature), "cpu"), Options(shrinking=shrinking)
    )
    return verdict


def counterexample(verdict: Verdict) -> dict[str, Any]:
    """Its smallest case."""
    assert verdict.state is State.FAIL and verdict.divergence is not None
    case: dict[str, Any] = from_json(verdict.divergence["case"])
    return case


@pytest.mark.parametrize(
    ("miniature", "shortest"),
    [
        # What a trained model is made part of is seen as soon as that is there.
        (ANEW, ["compile", "step", "grow"]),
        # A model inside, called twice, and trained.
        (SECOND, ["grow", "grow", "compile", "step"]),
    ],
)
def test_a_sequence_of_actions_shrinks_to_the_shortest(miniature: str, shortest: list[str]) -> None:
    case = counterexample(judged(miniature))
    actions = [action for action, *_ in case["actions"]]
    assert ["grow" if one in GROWING else one for one in actions] == shortest
    kinds = [layer["kind"] for layer in case["layers"].values()]
    assert kinds == ["Dense"] + ["Model"] * (1 + shortest.count("grow")), "with the smallest models"


def test_a_seed_leads_to_the_same_counterexample_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minimize, "TRIES", 0)
    assert judged(ANEW, shrinking=0.0).divergence == judged(ANEW, shrinking=0.0).divergence


def test_every_action_occurs_and_models_are_trained_after_they_have_grown() -> None:
    sequences = [[action for action, *_ in structure.actions] for _, structure, _ in recorded(LAW, 60, "0")]  # type: ignore[attr-defined]
    assert {action for actions in sequences for action in actions} == RULES
    grown = [actions for actions in sequences if set(GROWING) & set(actions)]
    assert sum("step" in actions for actions in grown) >= 20


GIVEN_UP = -100


class Counting(Driven):
    """Counts, and gives some sequences up."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @rule(up=hypothesis.strategies.integers(0, 9))
    def add(self, up: int) -> None:
        """One more, unless too much is asked for."""
        self.count += 1 if up < 9 else GIVEN_UP
        hypothesis.assume(up < 9)

    def structure(self) -> Any:
        return self.count


def test_what_hypothesis_gives_up_is_not_judged() -> None:
    seen: Counter[int] = Counter()

    @driven(Counting)
    def test(backend: Counter[int], structure: Structure) -> None:
        backend[structure] += 1  # type: ignore[index]

    test._hypothesis_internal_use_settings = hypothesis.settings(  # type: ignore[attr-defined]
        max_examples=20, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
    )
    test(seen)  # type: ignore[call-arg]
    assert max(seen) == STEPS
    assert min(seen) > 0
    assert sum(seen.values()) >= 10
