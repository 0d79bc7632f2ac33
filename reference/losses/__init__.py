"""Losses: what one element of the predictions costs, and how the cost changes with it.

Every reading returns two things: the losses, before any weight or reduction, and the gradient of
their product with an upstream gradient, with respect to the predictions.
"""

from __future__ import annotations

from reference.losses import distances as distances
from reference.losses import entropies as entropies
from reference.losses import reduced as reduced
from reference.losses import sparse as sparse
