"""Structures of two models that learn in turn: small ones on noise, and those of the question on digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS, Few
from conformance.strategies.composition.digits import DIGITS
from conformance.strategies.composition.graphs import Layers
from conformance.strategies.composition.training import OPTIMIZERS, OPTIONS, filled, small

ROUNDS = 50
Calls = list[list[Any]]


def _model(inputs: list[str], shape: list[int], calls: Calls) -> dict[str, Any]:
    """A model whose output is that of its last call."""
    form = "list" if len(inputs) > 1 else "single"
    declared = [[name, shape, "float32"] for name in inputs]
    return {"kind": "Model", "form": form, "inputs": declared, "calls": calls, "outputs": calls[-1][0]}


@dataclass(frozen=True)
class Gan(Few):
    """A generator and a discriminator, and rounds of a batch each."""

    rounds: int
    optimizer: str
    recipe: str
    batch: int = 2

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(1)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        layers: Layers = self.networks()
        given = [self.given(random) for _ in range(self.rounds)]
        return {
            "layers": filled(random, layers),
            "generator": "Generator",
            "discriminator": "Discriminator",
            "images": [image for image, _ in given],
            "noise": [code for _, code in given],
            "optimizer": self.optimizer,
            "options": OPTIONS[self.optimizer],
            "recipe": self.recipe,
        }

    def networks(self) -> Layers:
        """The table of both, without weights."""
        raise NotImplementedError

    def given(self, random: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Real images of a round, and what the generator makes its images from."""
        raise NotImplementedError


@dataclass(frozen=True)
class Plain(Gan):
    """Codes of 2 become images of 2 by 2 of noise. hidden: whether each network has a layer more."""

    hidden: bool = False

    def networks(self) -> Layers:
        layers: Layers = {"paint": {"kind": "Dense", "sizes": [[2, 4], [4]]}}
        calls, last = [[["flat"], "paint", ["code"]]], "flat"
        if self.hidden:
            layers["soft"] = {"kind": "Activation", "function": "tanh"}
            calls.append([["soft"], "soft", ["flat"]])
            last = "soft"
        layers["frame"] = {"kind": "Reshape", "shape": [2, 2, 1]}
        layers["Generator"] = _model(["code"], [2], [*calls, [["image"], "frame", [last]]])
        layers["unframe"] = {"kind": "Reshape", "shape": [4]}
        layers["look"] = {"kind": "Dense", "sizes": [[4, 3], [3]]}
        seen, last = [[["pixels"], "unframe", ["image"]], [["looked"], "look", ["pixels"]]], "looked"
        if self.hidden:
            layers["bend"] = {"kind": "Activation", "function": "tanh"}
            seen.append([["bent"], "bend", ["looked"]])
            last = "bent"
        layers["judge"] = {"kind": "Dense", "sizes": [[3, 1], [1]]}
        layers["Discriminator"] = _model(["image"], [2, 2, 1], [*seen, [["said"], "judge", [last]]])
        return layers

    def given(self, random: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        return small(random, (self.batch, 2, 2, 1)), small(random, (self.batch, 2))


@dataclass(frozen=True)
class Drawn(Gan):
    """The networks of the question: the lower half of handwritten digits is to be made from the upper.

    The generator has five layers down and five up, with concatenations; the discriminator concatenates
    the picture that the generator had and an image, real or made. A Dense layer on the channels is a
    convolution with a kernel of 1 by 1.
    """

    def networks(self) -> Layers:
        layers: Layers = {}
        calls: Calls = []
        last, skips = "picture", []
        for i in range(5):
            layers[f"down{i}"] = {"kind": "Dense", "sizes": [[2 if i else 1, 2], [2]]}
            calls.append([[f"d{i}"], f"down{i}", [last]])
            last = f"d{i}"
            skips.append(last)
        for i in range(5):
            units = 1 if i == 4 else 2
            if i:
                layers[f"join{i}"] = {"kind": "Concatenate"}
                calls.append([[f"j{i}"], f"join{i}", [last, skips[4 - i]]])
                last = f"j{i}"
            layers[f"up{i}"] = {"kind": "Dense", "sizes": [[4 if i else 2, units], [units]]}
            calls.append([[f"u{i}"], f"up{i}", [last]])
            last = f"u{i}"
        layers["ink"] = {"kind": "Activation", "function": "tanh"}
        layers["Generator"] = _model(["picture"], [8, 8, 1], [*calls, [["made"], "ink", [last]]])
        layers |= {
            "beside": {"kind": "Concatenate"},
            "look": {"kind": "Dense", "sizes": [[2, 2], [2]]},
            "bend": {"kind": "Activation", "function": "tanh"},
            "unframe": {"kind": "Reshape", "shape": [128]},
            "judge": {"kind": "Dense", "sizes": [[128, 1], [1]]},
        }
        seen: Calls = [[["pair"], "beside", ["image", "made"]], [["looked"], "look", ["pair"]]]
        seen += [[["bent"], "bend", ["looked"]], [["flat"], "unframe", ["bent"]]]
        seen.append([["said"], "judge", ["flat"]])
        layers["Discriminator"] = _model(["image", "made"], [8, 8, 1], seen)
        return layers

    def given(self, random: np.random.Generator) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        whole = DIGITS[random.integers(0, len(DIGITS), self.batch)][..., None]
        upper = whole.copy()
        upper[:, 4:] = 0
        return whole, upper


gans = st.builds(
    Plain,
    SEEDS,
    st.sampled_from((1, 2, 3)),
    OPTIMIZERS,
    st.sampled_from(("compiled-anew", "compiled-once")),
    hidden=st.booleans(),
)
resumed_gans = st.builds(
    Plain, SEEDS, st.sampled_from((2, 3)), OPTIMIZERS, st.just("reloaded"), hidden=st.booleans()
)
conditional_gans = st.builds(
    Drawn, SEEDS, st.sampled_from((1, 2)), OPTIMIZERS, st.just("compiled-anew"), st.sampled_from((1, 2))
)
# The same case for every backend, so that their errors can be laid side by side.
long_gans = st.builds(Drawn, st.just(0), st.just(ROUNDS), st.just("momentum"), st.just("compiled-anew"))
