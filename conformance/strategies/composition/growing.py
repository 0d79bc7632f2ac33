"""Structures of models that grow between the actions on them, by the rules of a state machine."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, precondition, rule

from conformance.stateful import Driven
from conformance.strategies.common import SEEDS
from conformance.strategies.composition.graphs import Layers, needed
from conformance.strategies.composition.training import Trained, across

LEAVES: dict[str, dict[str, Any]] = {
    "Dense": {"sizes": [[2, 2], [2]]},
    "Activation": {"function": "tanh"},
    "Add": {},
    "BatchNormalization": {"sizes": [[2]] * 4, "epsilon": 0.125, "momentum": 0.5},
}
"""What can be called on tensors (batch, 2); a sum takes the model's input as well."""


STEPS = st.sampled_from((0, 1, 2))
"""Steps of training that follow an action; without them, Hypothesis would rarely train what it has made."""


class Grown(Trained):
    """A table, and actions, for a single case."""

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(1)


class Growing(Driven):
    """A model that is made, made part of others, trained, and kept, in any order.

    Each model that comes after the first is a new one, made of what the one before it is made of. It is
    not compiled, and neither is a clone: they are before the next step.
    """

    parts = Bundle("parts")
    models = Bundle("models")

    def __init__(self) -> None:
        super().__init__()
        self.layers: Layers = {}
        self.actions: list[tuple[str, ...]] = []
        self.compiled = False

    @initialize(
        target=parts, seed=SEEDS, batch=st.sampled_from((2, 3)), style=st.sampled_from(("", "sequential"))
    )
    def begin(self, seed: int, batch: int, style: str) -> str:
        """The first model: a dense layer."""
        self.seed, self.batch = seed, batch
        self.layers["dense0"] = {"kind": "Dense", **LEAVES["Dense"]}
        self.model = self.made([[["t0"], "dense0", ["x"]]], style=style)
        return "dense0"

    @rule(target=parts, kind=st.sampled_from(tuple(LEAVES)), steps=STEPS)
    def add_layer(self, kind: str, steps: int) -> str:
        """A model whose output goes through one layer more."""
        name = f"{kind.lower()[:5]}{sum(layer['kind'] == kind for layer in self.layers.values())}"
        self.layers[name] = {"kind": kind, **LEAVES[kind]}
        self.grow("add", [*self.calls, self.next(name, *(["x"] if kind == "Add" else []))], steps)
        return name

    @rule(part=models, steps=STEPS)
    def share_model(self, part: str, steps: int) -> None:
        """A model that calls a model inside it again."""
        self.share(part, steps)

    @rule(part=parts, steps=STEPS)
    def share(self, part: str, steps: int) -> None:
        """A model that calls one of its parts again."""
        kind = self.layers[part]["kind"]
        self.grow("share", [*self.calls, self.next(part, *(["x"] if kind == "Add" else []))], steps)

    @rule(targets=(parts, models), steps=STEPS)
    def nest(self, steps: int) -> str:
        """A model around the model."""
        inside = self.model
        self.grow("nest", [[["t0"], inside, ["x"]]], steps)
        return inside

    @rule(part=st.one_of(parts, st.none()), action=st.sampled_from(("freeze", "unfreeze")), steps=STEPS)
    def set_flag(self, part: str | None, action: str, steps: int) -> None:
        """A layer, a model inside or, for None, the model itself is to be trained no more, or again."""
        self.actions.append((action, part or self.model))
        self.train(steps)

    @rule(steps=STEPS)
    def compile(self, steps: int) -> None:
        """A new optimizer."""
        self.actions.append(("compile",))
        self.compiled = True
        self.train(steps)

    @rule()
    def step(self) -> None:
        """A step of training."""
        self.train(1)

    @precondition(lambda self: not across(self.mine))
    @rule(action=st.sampled_from(("reload", "clone")), steps=STEPS)
    def keep(self, action: str, steps: int) -> None:
        """What is loaded from a file that the model was saved to, or a clone, which is not compiled."""
        self.actions.append((action,))
        self.compiled = self.compiled and action == "reload"
        self.train(steps)

    @property
    def calls(self) -> list[list[Any]]:
        """Those of the model."""
        calls: list[list[Any]] = self.layers[self.model]["calls"]
        return calls

    @property
    def mine(self) -> Layers:
        """The table without the layers that the model does not use."""
        return needed(self.layers, self.model)

    def next(self, name: str, *others: str) -> list[Any]:
        """A call on the model's output."""
        return [[f"t{len(self.calls)}"], name, [f"t{len(self.calls) - 1}", *others]]

    def made(self, calls: list[list[Any]], style: str = "") -> str:
        """Add a model to the table; its name."""
        name = f"model{sum(layer['kind'] == 'Model' for layer in self.layers.values())}"
        self.layers[name] = {
            "kind": "Model",
            "inputs": [["x", [2], "float32"]],
            "form": "single",
            "calls": calls,
            "outputs": calls[-1][0],
            **({"style": style} if style else {}),
        }
        return name

    def grow(self, action: str, calls: list[list[Any]], steps: int) -> None:
        """Go on with a new model."""
        self.model = self.made(calls)
        self.actions.append((action, self.model))
        self.compiled = False
        self.train(steps)

    def train(self, steps: int) -> None:
        """So many steps, of a model that is compiled for them if it is not yet."""
        if steps and not self.compiled:
            self.actions.append(("compile",))
            self.compiled = True
        self.actions += [("step",)] * steps

    def structure(self) -> Trained:
        """What is done, and the table with the models of every stage."""
        table = json.dumps(self.layers)
        return Grown(self.seed, table, "model0", self.batch, "form", "actions", actions=tuple(self.actions))
