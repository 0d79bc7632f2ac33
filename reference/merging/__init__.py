"""Merging: several inputs become one, and so must their masks.

A merge layer takes a list of tensors, and of each perhaps a mask. Does its value use the masks?
Does its output carry one, and which? Every release answers otherwise. None of them averages only
what is not masked; the last two parts of this chapter say what that means.
"""

from __future__ import annotations

from reference.merging.averages import average_axis as average_axis
from reference.merging.averages import average_axis_gradient as average_axis_gradient
from reference.merging.averages import average_masked as average_masked
from reference.merging.averages import average_masked_gradient as average_masked_gradient
from reference.merging.concatenation import concatenate as concatenate
from reference.merging.concatenation import concatenate_gradient as concatenate_gradient
from reference.merging.concatenation import concatenate_keras_2_2 as concatenate_keras_2_2
from reference.merging.concatenation import concatenate_mask_keras_2 as concatenate_mask_keras_2
from reference.merging.concatenation import concatenate_mask_keras_2_2 as concatenate_mask_keras_2_2
from reference.merging.concatenation import concatenate_mask_keras_3_4 as concatenate_mask_keras_3_4
from reference.merging.dot import dot as dot
from reference.merging.dot import dot_gradient as dot_gradient
from reference.merging.gradients import gradient_plain as gradient_plain
from reference.merging.gradients import gradient_with_masks as gradient_with_masks
from reference.merging.masks import delivery_keras_2 as delivery_keras_2
from reference.merging.masks import delivery_keras_3 as delivery_keras_3
from reference.merging.masks import delivery_keras_3_4 as delivery_keras_3_4
from reference.merging.masks import mask_keras_2 as mask_keras_2
from reference.merging.masks import mask_keras_2_2 as mask_keras_2_2
from reference.merging.masks import mask_keras_3_4 as mask_keras_3_4
from reference.merging.pooling import pooling as pooling
from reference.merging.shapes import shape_keras_2 as shape_keras_2
from reference.merging.shapes import shape_keras_2_2 as shape_keras_2_2
from reference.merging.values import value_keras_2 as value_keras_2
from reference.merging.values import value_keras_2_2 as value_keras_2_2
from reference.merging.values import value_keras_3 as value_keras_3
from reference.merging.values import value_keras_3_4 as value_keras_3_4
