"""The survey of the chapter transformer."""

from __future__ import annotations

from typing import Any

from conformance.strategies.transformer import Encoder
from conformance.strategies.transformer_outputs import Running
from conformance.survey import pin

_PLAIN: dict[str, Any] = {"activation": "gelu", "small": False, "dtype": "float32"}


def _encoder(kind: type[Encoder] = Encoder, **fields: Any) -> dict[str, Any]:
    """The inputs of one small BERT."""
    sizes = {"family": "bert", "layers": 1, "heads": 1, "batch": 1, "time": 2, "padding": None}
    return kind(**(_PLAIN | sizes | {"seed": 0} | fields)).cases(1)[0]


for _number in (0, 1, -1, 5):
    pin(
        "transformer.asking",
        "select",
        f"output_hidden_states={_number}",
        family="bert",
        layers=2,
        arguments={"output_hidden_states": _number},
        settings={},
    )
for _family in ("bert", "gpt2"):
    pin(
        "transformer.asking",
        "cross",
        f"output_attentions of {_family}",
        family=_family,
        layers=1,
        arguments={"output_attentions": True},
        settings={},
    )

_few = {n: _encoder(batch=0)[n] for n in ("model", "weights", "tokens", "segments", "positions")}
pin("transformer.embeddings", "empty", "an empty batch", embeds=None, **_few)
pin("transformer.hidden-states", "empty", "an empty batch", **_encoder(batch=0))
pin("transformer.hidden-states", "hopeless", "a row wholly masked", **_encoder(padding="row"))
pin("transformer.modes", "padding", "padding on the right", **_encoder(Running, padding="right"))
