"""Masking: where masks come from, how they travel, and what looks at them.

A mask says which steps of a sequence are there: True is valid, False is masked. It belongs to a
tensor and is no part of its value. Some layers produce one, most hand on the one they get, some
take it into account and let it end.
"""

from __future__ import annotations

from reference.masking import directions as directions
from reference.masking import nesting as nesting
from reference.masking import pooling as pooling
from reference.masking import producing as producing
from reference.masking import recurrent as recurrent
from reference.masking import traveling as traveling
