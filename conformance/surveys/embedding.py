"""The survey of the chapter embedding."""

from __future__ import annotations

import numpy as np

from conformance.survey import pin

_TABLE = np.array([[1, 2], [3, 4], [5, 6]], np.float32)

for _name, _id in (
    ("id = vocabulary", 3),
    ("id = -1", -1),
    ("id = -vocabulary - 1", -4),
    ("id = 2^31 - 1", 2**31 - 1),
):
    pin("embedding.lookup", "range", _name, table=_TABLE, ids=np.array([0, _id], np.int64))

pin("embedding.mask", "bool", "bool ids", ids=np.array([[False, True]]), mask_zero=True, incoming=None)

for _name, _far in (("NaN", np.nan), ("2^31", 2.0**31), ("-2^33", -(2.0**33))):
    pin("embedding.lookup", "huge", f"id = {_name}", table=_TABLE, ids=np.array([0, _far], np.float32))

for _size in (0, True, 2.0):
    pin("embedding.build", "size", f"vocabulary = {_size}", vocabulary=_size, dimension=2, dtype="float32")

for _route in ("one-hot", "dense"):
    for _name, _id in (("id = vocabulary", 3), ("id = -1", -1)):
        pin(
            "embedding.equivalence",
            "outside",
            f"{_name}, {_route}",
            table=_TABLE,
            ids=np.array([0, _id]),
            upstream=np.ones((2, 2), np.float32),
            route=_route,
        )

pin("embedding.containers", "list", "a list of ids", table=_TABLE, ids=np.array([0, 1]), container="list")

pin(
    "embedding.frequency",
    "sparse",
    "scaled by frequency and sparse",
    table=_TABLE,
    ids=np.array([1, 1, 0]),
    upstream=np.ones((3, 2), np.float32),
    padding_idx=None,
    sparse=True,
)
pin(
    "embedding.bag-gradient",
    "sparse",
    "scaled by frequency and sparse",
    table=_TABLE,
    ids=np.array([1, 1, 0]),
    offsets=np.array([0]),
    upstream=np.ones((1, 2), np.float32),
    mode="sum",
    padding_idx=None,
    weights=None,
    scale_grad_by_freq=True,
    sparse=True,
)
