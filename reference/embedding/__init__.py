"""Embedding: a table and an index.

An embedding layer holds one table (vocabulary, dimension) and answers ids with rows of it.
It equals a matrix product with one-hot rows, and is neither an autoencoder nor trained apart.

    table       what is built: sizes, initializer, given weights, dtypes
    layer       what a Keras layer does with its table: loss, constraint, freezing, place
    lookup      ids in, rows out; ids of every dtype, in every container, inside the table and outside
    gradient    what the table learns; one-hot products; padding, frequency, sparse gradients
    step        which rows one step of an optimizer may change
    norm        rows that are scaled down as they are looked up
    mask        which positions are padding
    bag         sums, means and maxima of rows
    models      the tables of a whole model: resized, and shared with its output
"""

from __future__ import annotations

from reference.embedding.table import (
    build,
    build_keras_2,
    build_keras_3_15,
    build_torch,
    build_transformers,
    initializer,
    policy,
    pretrained_keras,
    pretrained_torch,
    weights,
)

from reference.embedding.layer import constraint, place, regularizer, trainable  # isort: skip
from reference.embedding.lookup import (  # isort: skip
    containers_keras_2,
    containers_keras_3,
    containers_torch,
    lookup_keras_2,
    lookup_keras_2_2,
    lookup_keras_3,
    lookup_torch,
)
from reference.embedding.gradient import (  # isort: skip
    equivalence,
    equivalence_keras_3,
    equivalence_torch,
    frequency,
    gradient,
    padding,
    padding_row,
    sparse,
)
from reference.embedding.step import lazy_step, step_keras, step_torch  # isort: skip
from reference.embedding.norm import max_norm  # isort: skip
from reference.embedding.mask import mask  # isort: skip
from reference.embedding.bag import bag, bag_gradient  # isort: skip
from reference.embedding.models import resize, tied  # isort: skip

__all__ = [
    "bag",
    "bag_gradient",
    "build",
    "build_keras_2",
    "build_keras_3_15",
    "build_torch",
    "build_transformers",
    "constraint",
    "containers_keras_2",
    "containers_keras_3",
    "containers_torch",
    "equivalence",
    "equivalence_keras_3",
    "equivalence_torch",
    "frequency",
    "gradient",
    "initializer",
    "lazy_step",
    "lookup_keras_2",
    "lookup_keras_2_2",
    "lookup_keras_3",
    "lookup_torch",
    "mask",
    "max_norm",
    "padding",
    "padding_row",
    "place",
    "policy",
    "pretrained_keras",
    "pretrained_torch",
    "regularizer",
    "resize",
    "sparse",
    "step_keras",
    "step_torch",
    "tied",
    "trainable",
    "weights",
]
