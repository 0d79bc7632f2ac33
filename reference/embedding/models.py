"""The tables of a whole model: resized, and shared with its output."""

from __future__ import annotations

from typing import Any

from reference.clause import reading
from reference.embedding.origins import Array
from reference.sources import transformers

_MODEL = transformers("modeling_utils.py", "PreTrainedModel")


@reading(
    "embedding.resize",
    "transformers",
    source=(transformers("modeling_utils.py", "PreTrainedModel.resize_token_embeddings"), _MODEL),
)
def resize(table: Array, size: int, tied: bool) -> dict[str, Any]:
    """A model whose vocabulary is resized keeps the rows that both sizes have.

    table: finite float32 (vocabulary, dimension). size: of the new vocabulary, above 0.
    tied: whether the model's output shares its input table.
    Returns the shape of the new table, the rows that both sizes have, the size in the model's
    configuration, and the shape of the output's table.

    [shape] The new table MUST be (size, dimension).
    [kept] The rows below both sizes MUST stay as they are, bit for bit.
    [configuration] The model's vocab_size MUST be the new size.
    [output] The table of the output MUST be resized as well, whether it is tied or not.
    """
    shape = (size, table.shape[1])
    return {
        "shape": shape,  # [shape]
        "kept": table[: min(size, len(table))].copy(),  # [kept]
        "vocab_size": size,  # [configuration]
        "output": shape,  # [output]
    }


@reading(
    "embedding.tied",
    "transformers",
    source=(transformers("modeling_utils.py", "PreTrainedModel.tie_weights"), _MODEL),
)
def tied(table: Array, tie: bool) -> tuple[bool, int]:
    """A tied model has one table for its input and its output.

    table: finite float32 (vocabulary, dimension), written into the input table in place.
    tie: the option tie_word_embeddings of the model's configuration.
    Returns whether the output's table equals `table` afterwards, and how many tables the model has.

    [shared] In a tied model, what is written into the input table MUST be in the output's as well.
    [one] A tied model MUST have one table, and another one two.
    [apart] In a model that is not tied, the output's table MUST stay as it was.
    """
    return (True, 1) if tie else (False, 2)  # [shared] [one] [apart]
