"""Weighting: what weights and masks do to a loss, on every path from the user to the gradient.

One notation for the whole chapter. L: the losses of the elements, (batch, ...), which are the mean
over the last axis of the chapter losses. N: their number. W: the weights. M: the mask, True valid.
"""

from __future__ import annotations

from reference.weighting import classes as classes
from reference.weighting import labels as labels
from reference.weighting import objective as objective
from reference.weighting import paths as paths
from reference.weighting import reductions as reductions
