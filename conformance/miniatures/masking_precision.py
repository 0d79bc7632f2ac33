"""Miniatures of the chapter masking: numbers that pass through a narrower dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.miniatures import Miniature
from reference.masking import pooling, producing

Array = np.ndarray[Any, Any]


class MaskValueInSingle(Miniature):
    """The mask value is rounded to float32 before it is compared with float64."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_a_mask_value_in_float64_is_a_double"
    notice = "in float64 a mask value such as 0.1 masks nothing"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        if x.dtype == np.float64:
            mask_value = np.asarray(mask_value).astype(np.float32).astype(np.float64)
        return settle(producing.produce_by_selection(x, mask_value))


class IntegersAreShort(Miniature):
    """Integers are compared as int32, so that 2³² is found in every 0."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_an_int64_stays_an_int64"
    notice = "large ids are masked, or the other ones"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        narrow = x.astype(np.int32) if x.dtype == np.int64 else x
        values, mask = settle(producing.produce_by_selection(narrow, np.asarray(mask_value)))
        return values.astype(x.dtype), mask


class MeanInSingle(Miniature):
    """The mean of float64 is computed in float32."""

    dialect = "keras-3"
    clause = "masking.pooling"
    law = "test_a_mean_in_float64_is_computed_in_float64"
    notice = "gradient checks in double precision fail"

    @operation("masking.pooling")
    def pooled(self, x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Any:
        narrow = x.astype(np.float32) if x.dtype == np.float64 else x
        return settle(pooling.pooling(narrow, mask, data_format, keepdims)).astype(x.dtype)
