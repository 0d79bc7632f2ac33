"""What an embedding layer builds: its one table, and what comes with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.embedding.origins import KERAS_2, KERAS_2_2, KERAS_3, TORCH, Array, rows_of
from reference.errors import Refused, ShapeMismatch, TypeRefused
from reference.outcomes import AnyOf
from reference.sources import keras, tf_keras, transformers

Size = int | float


@reading("embedding.build", "keras-2.2", source=KERAS_2_2)
@reading(
    "embedding.build",
    "keras-3",
    source=keras("v3.14.1", "layers/core/embedding.py", "Embedding"),
    before="3.15",
)
def build(vocabulary: Size, dimension: Size, dtype: str) -> Any:
    """An embedding layer holds exactly one weight, the table (vocabulary, dimension).

    vocabulary, dimension: int > 0. dtype: name of the floating dtype that the layer was given.
    Returns the shapes of all weights and the dtype of the table.

    [size] What a size that is no positive int gives is OPEN: a refusal, or a table of that size, of
        its whole part for a float.
    [one] There MUST be exactly one weight: no bias, no decoder.
    [shape] Its shape MUST be (vocabulary, dimension), whatever the shape of the ids.
    [dtype] Its dtype MUST be the dtype that the layer was given.
    """
    if not (_positive_int(vocabulary) and _positive_int(dimension)):
        return _refused_or_built(vocabulary, dimension, dtype)  # [size]
    table_shape = (vocabulary, dimension)  # [shape]
    return {"shapes": [table_shape], "dtype": dtype}  # [one] [dtype]


@reading("embedding.build", "keras-2", source=KERAS_2)
def build_keras_2(vocabulary: Size, dimension: Size, dtype: str) -> Any:
    """An embedding layer holds exactly one weight, the table (vocabulary, dimension).

    vocabulary, dimension: int > 0. dtype: name of the floating dtype that the layer was given.
    Returns the shapes of all weights and the dtype of the table.

    [positive] A size of 0 or below MUST be refused.
    [size] What a positive size that is no int, or a bool, gives is OPEN: a refusal, or a table of that size.
    [one] There MUST be exactly one weight: no bias, no decoder.
    [shape] Its shape MUST be (vocabulary, dimension), whatever the shape of the ids.
    [dtype] Its dtype MUST be the dtype that the layer was given.
    """
    if vocabulary <= 0 or dimension <= 0:
        raise Refused(f"sizes should be positive, these are {vocabulary} and {dimension}")  # [positive]
    return build(vocabulary, dimension, dtype)  # [size] [one] [shape] [dtype]


@reading("embedding.build", "keras-3", source=KERAS_3, since="3.15")
def build_keras_3_15(vocabulary: Size, dimension: Size, dtype: str) -> Any:
    """An embedding layer holds exactly one weight, the table (vocabulary, dimension).

    vocabulary, dimension: int > 0. dtype: name of the floating dtype that the layer was given.
    Returns the shapes of all weights and the dtype of the table.

    [positive] A size that is no positive int MUST be refused; a bool is none, nor is 2.0.
    [one] There MUST be exactly one weight: no bias, no decoder.
    [shape] Its shape MUST be (vocabulary, dimension), whatever the shape of the ids.
    [dtype] Its dtype MUST be the dtype that the layer was given.
    """
    for size in (vocabulary, dimension):
        if not _positive_int(size):
            raise Refused(f"a size must be a positive int, this is {size!r}")  # [positive]
    return build(vocabulary, dimension, dtype)  # [one] [shape] [dtype]


@reading("embedding.build", "torch", source=TORCH)
def build_torch(vocabulary: Size, dimension: Size, dtype: str) -> Any:
    """An embedding module holds exactly one weight, the table (vocabulary, dimension).

    vocabulary, dimension: int. dtype: name of the floating dtype that the module was given.
    Returns the shapes of all weights and the dtype of the table.

    [positive] A negative size and a float MUST be refused.
    [size] What a size of 0 or a bool gives is OPEN: a refusal, or a table of that size.
    [one] There MUST be exactly one weight: no bias, no decoder.
    [shape] Its shape MUST be (vocabulary, dimension), whatever the shape of the ids.
    [dtype] Its dtype MUST be the dtype that the module was given.
    """
    for size in (vocabulary, dimension):
        if isinstance(size, float):
            raise TypeRefused(f"a size is an int, this is {size!r}")  # [positive]
        if size < 0:
            raise Refused(f"a size is not negative, this is {size}", shows_as=("RuntimeError",))
    return build(vocabulary, dimension, dtype)  # [size] [one] [shape] [dtype]


@reading(
    "embedding.build",
    "transformers",
    source=(transformers("models/bert/modeling_bert.py", "BertEmbeddings"), *TORCH),
)
def build_transformers(vocabulary: Size, dimension: Size, dtype: str) -> Any:
    """The input embeddings of a model hold exactly one weight, the table (vocabulary, dimension).

    vocabulary, dimension: int, the vocab_size and the hidden_size of the configuration.
    dtype: name of the floating dtype of the model.
    Returns the shapes of all weights and the dtype of the table.

    [positive] A negative size and a float MUST be refused.
    [size] What a size of 0 or a bool gives is OPEN: a refusal, or a table of that size.
    [one] There MUST be exactly one weight: no bias, no decoder.
    [shape] Its shape MUST be (vocabulary, dimension), whatever the shape of the ids.
    [dtype] Its dtype MUST be the dtype of the model.
    """
    names = (*TypeRefused.shows_as, "StrictDataclassError", "ZeroDivisionError")
    refusal = TypeRefused(
        f"a size is a positive int, these are {vocabulary!r}, {dimension!r}", shows_as=names
    )
    if any(isinstance(size, float) or size < 0 for size in (vocabulary, dimension)):
        raise refusal  # [positive]
    if not (_positive_int(vocabulary) and _positive_int(dimension)):
        said = _refused_or_built(vocabulary, dimension, dtype)
        return AnyOf((refusal, *said.allowed))  # [size]
    return build(vocabulary, dimension, dtype)  # [one] [shape] [dtype]


def _positive_int(size: Any) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0


def _refused_or_built(vocabulary: Size, dimension: Size, dtype: str) -> AnyOf:
    """A refusal, or, if neither size is negative, the table, of the whole part of the sizes."""
    refusal = TypeRefused(f"a size must be a positive int, these are {vocabulary!r} and {dimension!r}")
    built = {"shapes": [(int(vocabulary), int(dimension))], "dtype": dtype}
    return AnyOf((refusal, built) if vocabulary >= 0 and dimension >= 0 else (refusal,))


@reading(
    "embedding.initializer",
    "keras-2.2",
    source=(KERAS_2_2, keras("2.2.5", "engine/base_layer.py", "Layer.add_weight")),
)
def initializer(vocabulary: int, dimension: int, start: Array) -> tuple[int, tuple[int, ...], str, Array]:
    """The table starts as what the initializer returned.

    vocabulary, dimension: int > 0. start: floating, (), the value that the initializer fills the
    table with; its dtype is the one that the layer was given.
    Returns how often the initializer was called, the shape and the dtype that it was asked for,
    and the table.

    [once] The initializer MUST be called exactly once.
    [shape] It MUST be asked for the shape (vocabulary, dimension).
    [dtype] It MUST be asked for the dtype of the table.
    [value] The table MUST be what it returned, bit for bit.
    """
    table = np.full((vocabulary, dimension), start, start.dtype)  # [value]
    return 1, (vocabulary, dimension), start.dtype.name, table  # [once] [shape] [dtype]


@reading(
    "embedding.weights",
    "keras-2.2",
    source=(KERAS_2_2, keras("2.2.5", "engine/base_layer.py", "Layer.__call__")),
)
@reading(
    "embedding.weights", "keras-2", source=(*KERAS_2, tf_keras("engine/base_layer.py", "Layer._maybe_build"))
)
@reading(
    "embedding.weights",
    "keras-3",
    source=keras("v3.3.3", "layers/core/embedding.py", "Embedding"),
    since="3.3",
)
def weights(table: Array, vocabulary: int, dimension: int) -> Array:
    """A table that is given to the constructor, in a list, is the layer's table at its first call.

    table: floating, given as `weights=[table]`. vocabulary, dimension: the sizes of the layer.
    Returns the table of the layer after its first call.

    [shape] A table of another shape than (vocabulary, dimension) MUST be refused.
    [value] The layer's table MUST equal the one that was given, bit for bit.
    """
    if table.shape != (vocabulary, dimension):
        raise ShapeMismatch(
            f"a table of shape {table.shape} is none of shape {(vocabulary, dimension)}"
        )  # [shape]
    return table.copy()  # [value]


@reading(
    "embedding.pretrained", "keras-2.2", source=(KERAS_2_2, keras("2.2.5", "engine/base_layer.py", "Layer"))
)
def pretrained_keras(table: Array, freeze: bool | None) -> tuple[Array, bool]:
    """A layer that starts from a given table learns on, unless it is told not to.

    table: floating (vocabulary, dimension). freeze: None if nothing is said, else the contrary of
    the option `trainable`.
    Returns the table, and whether it is trainable.

    [value] The layer's table MUST equal the one that was given, bit for bit.
    [default] If nothing is said, the table MUST be trainable.
    [freeze] Otherwise it MUST be trainable just if it is not frozen.
    """
    return table.copy(), not freeze  # [value] [default] [freeze]


@reading("embedding.pretrained", "torch", source=TORCH)
def pretrained_torch(table: Array, freeze: bool | None) -> tuple[Array, bool]:
    """A module that is made from a given table is frozen, unless it is told not to be.

    table: floating (vocabulary, dimension). freeze: the option of `from_pretrained`, None if it is left out.
    Returns the table, and whether it is trainable.

    [value] The module's table MUST equal the one that was given, bit for bit.
    [default] If nothing is said, the table MUST be frozen.
    [freeze] Otherwise it MUST be trainable just if it is not frozen.
    """
    return table.copy(), freeze is False  # [value] [default] [freeze]


@reading("embedding.policy", "keras-2", source=(*KERAS_2, tf_keras("mixed_precision/policy.py", "Policy")))
@reading(
    "embedding.policy",
    "keras-3",
    source=(KERAS_3, keras("v3.15.1", "dtype_policies/dtype_policy.py", "DTypePolicy")),
)
def policy(table: Array, ids: Array, policy: str, unit: Array) -> tuple[str, Array]:
    """Under a mixed policy the table keeps its precision and the output is rounded.

    table: finite (vocabulary, dimension), in the variable dtype of the policy. ids: legal ids.
    policy: "float32" and the like, or "mixed_float16", "mixed_bfloat16". unit: (), a 1 of the dtype
    that the policy computes in.
    Returns the dtype of the table, and the output.

    [variable] The table MUST be held in float32 under a mixed policy, else in the dtype of that name.
    [output] The output MUST be the rows, rounded to the compute dtype to nearest, ties to even.
    """
    variable = "float32" if policy.startswith("mixed_") else policy  # [variable]
    with np.errstate(over="ignore"):
        return variable, rows_of(table, ids).astype(unit.dtype)  # [output]
