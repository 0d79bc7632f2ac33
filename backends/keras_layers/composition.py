"""The operations of the chapter composition, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase
from backends.keras_layers.graphs import build

Layers = dict[str, Any]

_EACH = """\
each = lambda change, value: (
    {k: change(v) for k, v in value.items()} if isinstance(value, dict)
    else [change(v) for v in value] if isinstance(value, (list, tuple)) else change(value)
)
"""


class KerasComposition(KerasBase):
    """Models made of plain data by the functional API, and used as a user would."""

    def built(self, layers: Layers) -> dict[str, Any]:
        """The layers of a table by name."""
        with self.place():
            return build(self.keras, layers)

    @operation(
        "composition.call", script=_EACH + "actual = each(numpy, build(keras, layers)[model](each(tensor, data)))"
    )
    def composed(self, layers: Layers, model: str, data: Any) -> Any:
        """A functional model, called."""
        made = self.built(layers)[model]
        with self.place():
            return each(self.tensors.array, made(each(self.tensors.tensor, data)))


def each(change: Any, value: Any) -> Any:
    """`change` of a tensor, or of every tensor in a list, a tuple or a dict; a tuple becomes a list."""
    if isinstance(value, dict):
        return {name: change(item) for name, item in value.items()}
    return [change(item) for item in value] if isinstance(value, (list, tuple)) else change(value)
