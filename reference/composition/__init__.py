"""Composition: models are layers, and made of what their inputs reach.

arithmetic, kinds and machine run a model, forward and backward; flags, optimizers and learning train it.

    connectivity  what a model is made of, and when it is refused
    calling       what a model gives, and which tensor becomes which input
    sharing       a layer that is used twice is one layer
    freezing      which weights are left to training
    training      one step; the steps of a generator and a discriminator in turn
    persistence   what is kept in a file and in a clone
    actions       all of this, one thing after another
"""

from __future__ import annotations

from reference.composition.connectivity import (
    connectivity_keras_2,
    connectivity_keras_2_2,
    connectivity_keras_3,
    connectivity_keras_3_14,
    connectivity_torch,
)

from reference.composition.calling import (  # isort: skip
    call_keras_2,
    call_keras_2_2,
    call_keras_3,
    call_torch,
)
from reference.composition.sharing import sharing_keras, sharing_torch  # isort: skip
from reference.composition.freezing import (  # isort: skip
    freezing_keras_2,
    freezing_keras_2_2,
    freezing_keras_3,
    freezing_torch,
)
from reference.composition.training import (  # isort: skip
    gan_keras,
    gan_torch,
    step_keras_2_2,
    step_keras,
    step_torch,
)
from reference.composition.persistence import (  # isort: skip
    persistence_keras,
    persistence_torch,
)
from reference.composition.actions import (  # isort: skip
    actions_keras,
    actions_torch,
)

__all__ = [
    "actions_keras",
    "actions_torch",
    "call_keras_2",
    "call_keras_2_2",
    "call_keras_3",
    "call_torch",
    "connectivity_keras_2",
    "connectivity_keras_2_2",
    "connectivity_keras_3",
    "connectivity_keras_3_14",
    "connectivity_torch",
    "freezing_keras_2",
    "freezing_keras_2_2",
    "freezing_keras_3",
    "freezing_torch",
    "gan_keras",
    "gan_torch",
    "persistence_keras",
    "persistence_torch",
    "sharing_keras",
    "sharing_torch",
    "step_keras",
    "step_keras_2_2",
    "step_torch",
]
