"""Miniatures of the chapter composition: models that are made of models that were trained."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from backends.base import operation
from conformance.miniatures import Miniature
from reference.composition import actions
from reference.composition.learning import KERAS_2
from reference.outcomes import ORACLE


class _Grows(Miniature):
    """The base: Keras 2, wrong in composition.actions once a model is made of another."""

    dialect = "keras-2"
    clause = "composition.actions"
    law = "test_a_model_may_grow_between_any_two_actions"


class GrownAnew(_Grows):
    """A model that is made of a trained one has the weights from before the training."""

    notice = "a head that is put on a pretrained model is put on a random one"

    @operation("composition.actions")
    def acted(self, **inputs: Any) -> Any:
        given, said = inputs["actions"], []
        grows = [number for number, (action, *_) in enumerate(given) if action in actions.GROWING]
        for start, stop in pairwise([0, *grows, len(given)]):
            flags = [one for one in given[:start] if one[0] in ("freeze", "unfreeze")]
            part = inputs | {"actions": [*flags, *given[start:stop]]}
            said += actions._acted(KERAS_2, **part, working=ORACLE)[len(flags) :]
        return said
