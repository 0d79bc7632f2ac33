"""The control: every dialect of the reference, as a backend in the dtype under test, keeps every law."""

from __future__ import annotations

import pytest

from backends import choose
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.verdict import State
from reference.clause import clauses, find
from reference.dialects import DIALECTS

LAWS = [law for law in load_laws().values() if law.test.__module__.startswith("conformance.laws.")]
STRUCTURES = 30


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_control_raises_no_false_alarm(dialect: str) -> None:
    handle = LocalHandle(choose(f"numpy:{dialect}"), "cpu")
    options = Options(structures=STRUCTURES, shrinking=0.0)
    alarms, judged = [], set()
    for law in LAWS:
        verdict, story = examine(law, handle, options)
        if verdict.state is State.PASS:
            judged.add(law.clause)
            most = (law.structures or STRUCTURES) + law.pinned
            assert 1 <= verdict.distinct <= verdict.structures <= most
            assert verdict.margin is None or verdict.margin <= 1
        elif verdict.state is not State.NOT_APPLICABLE:
            alarms.append(f"{law.id}: {verdict.state}: {story or verdict.reason}")
    assert not alarms, "\n\n".join(alarms)
    assert judged == {clause for clause in clauses() if find(clause, dialect)}
