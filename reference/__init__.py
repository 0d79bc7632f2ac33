"""What embedding lookup, masks and merges *mean*, in plain numpy: a short book that answers.

Aims, in this order: correct, complete, readable, fast.
Each chapter is one module; each clause of it is stated by one function a dialect, a *reading*.
The docstring of a reading is the law, its labeled points stand again at the lines that do them.

Words of force. MUST: a backend of the dialect that does otherwise fails.
SHOULD: defined, and a backend may declare a variant.
OPEN: neither documentation nor sources settle it; any outcome that the reading allows agrees.

Notation of shapes, in the axis names of this book: (batch, time, features); a table is
(vocabulary, dimension); `...` stands for any number of axes. A mask is boolean with the leading
axes of its tensor: True is valid, False is masked, and None means that there is no mask.

A reading gets numpy arrays and plain data and returns what `reference.outcomes` describes, or
raises one of `reference.errors`. It imports no framework and nothing of the rest of this suite.
"""

from __future__ import annotations

from reference import batches as batches
from reference import embedding as embedding
from reference import initializers as initializers
from reference import losses as losses
from reference import masking as masking
from reference import merging as merging
from reference import text as text
from reference import transformer as transformer
from reference import weighting as weighting

from reference import composition as composition  # isort: skip

CHAPTERS: tuple[str, ...] = (
    "embedding",
    "initializers",
    "text",
    "masking",
    "merging",
    "losses",
    "weighting",
    "batches",
    "transformer",
    "composition",
)
