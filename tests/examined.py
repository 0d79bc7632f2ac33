"""What the tests of verdicts and of their scripts share: laws, the control, and how a law is examined."""

from __future__ import annotations

from typing import Any

from backends import Choice
from backends.base import Backend, Outcome, operation
from backends.numpy_control import NumpyControl
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import Law, load_laws
from conformance.verdict import Verdict
from reference import embedding
from reference.outcomes import Setting

LAWS = load_laws()
LOOKUP = LAWS["test_embedding.py::test_lookup_gives_the_rows_of_the_reading"]
OUTSIDE = LAWS["test_embedding.py::test_an_id_outside_the_table_does_what_the_reading_says"]
SUMS = LAWS["test_embedding_gradient.py::test_the_gradient_of_a_row_is_the_sum_over_its_positions"]
COUNTS = LAWS["test_embedding_gradient.py::test_the_gradient_of_whole_numbers_is_counted_exactly"]
SWAPPED = LAWS["test_embedding.py::test_swapping_two_rows_and_their_ids_changes_nothing"]
MERGED = LAWS["test_merging.py::test_merging_gives_the_mask_of_the_reading"]


class Control(NumpyControl):
    name = "control"
    dialect = "torch"


class Noted(LocalHandle):
    """A handle that keeps every batch that it was given."""

    def __init__(self, choice: Choice, device: str) -> None:
        super().__init__(choice, device)
        self.batches: list[list[dict[str, Any]]] = []

    def perform(self, operation: str, batch: list[dict[str, Any]]) -> list[Outcome]:
        self.batches.append(batch)
        return super().perform(operation, batch)


def hold(adapter: type[Backend]) -> Noted:
    return Noted(Choice(adapter.name, f"{adapter.__module__}:{adapter.__name__}"), "cpu")


def examined(law: Law, adapter: type[Backend], **settings: Any) -> tuple[Verdict, Noted]:
    handle = hold(adapter)
    options = Options(**{"structures": 40, "seed": 1, "shrinking": 1.0, **settings})
    return examine(law, handle, options)[0], handle


class FirstRow(Control):
    """Every id looks up the first row."""

    @operation("embedding.lookup", script="actual = np.take(table, 0 * ids, axis=0)")
    def looked_up(self, table: Any, ids: Any) -> Any:
        return embedding.lookup_torch(table, 0 * ids, setting=Setting())
