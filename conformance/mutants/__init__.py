"""Automatic mutants: the reference with one small mistake each, run as backends against itself.

A suite that stays green on a wrong reference tests nothing. So every function of the reference that
a reading reaches is changed in one place at a time, by the fixed operators of
`conformance.mutants.operators`, and the control with that one change is judged by the reference without
it. A law that finds a difference has killed the mutant. What no law kills so is looked at as an oracle
as well, on the cases of the laws (`looking`): it must allow nothing that the reading refuses, and refuse
nothing that the control gives.

The backend and the oracle live in one process: the changed code object stands in the place of the right
one only while the backend performs (`swap`). So helpers that several modules share are mutated as well.

What is not mutated: docstrings, annotations, decorators, default values and constants of modules;
messages of refusals; assertions, and `strict=` of `zip`; and what a reading says of its own tolerance,
such as the number of roundings (`bookkeeping`), since a backend is judged by its values alone. Where a line
does what a point says, it is broken in other ways too: see `breaks` and `points`.
"""
