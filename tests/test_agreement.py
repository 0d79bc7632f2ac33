"""The comparer accepts everything within the bound and nothing else, and so do its planted faults not.

The checks are functions of the comparer, so that they judge mutated copies of it as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from comparer import Random
from comparer_forms import FORMS
from comparer_numbers import NUMBERS
from hypothesis import given, settings
from hypothesis import strategies as st

import conformance.agreement as shipped

CHECKS: tuple[Callable[[ModuleType, Random], None], ...] = (*NUMBERS, *FORMS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=12, database=None, deadline=None)
def test_the_comparer_holds(check: Callable[[ModuleType, Random], None], seed: int) -> None:
    check(shipped, np.random.default_rng(seed))


# Planted faults

FAULTS: dict[str, tuple[str, str, str]] = {
    "bound times ten": (
        "tolerance",
        "return np.asarray(scaled + roundings",
        "return np.asarray(10 * scaled + roundings",
    ),
    "bound times one and a half": ("agreement", "distance <= limit", "distance <= 1.5 * limit"),
    "bound halved": ("agreement", "distance <= limit", "distance <= limit / 2"),
    "bound of another dtype": (
        "tolerance",
        "relative_bound(roundings, expected.dtype) +",
        "relative_bound(roundings, np.dtype(np.float32)) +",
    ),
    "bound from the value instead of the magnitude": (
        "tolerance",
        "    magnitude = np.asarray(expected.magnitude, np.float64)\n    with",
        "    magnitude = np.abs(np.asarray(expected.value, np.float64))\n    with",
    ),
    "one rounding more": (
        "tolerance",
        "product = np.asarray(roundings, np.float64)",
        "product = np.asarray(roundings + 1.0)",
    ),
    "subnormals always flushed": ("tolerance", "if flushes else", "if True else"),
    "subnormals never flushed": ("tolerance", "if flushes else", "if False else"),
    "infinite bound times zero": ("tolerance", "(roundings > 0) & (magnitude != 0)", "roundings > 0"),
    "overflow to either side": (
        "agreement",
        "up, down, nothing = can_overflow(expected)",
        "up, down, nothing = can_overflow(expected)\n    up = down = up | down",
    ),
    "overflow anywhere": (
        "tolerance",
        "up, down = finite & (up | product), finite & (down | product)",
        "up, down = finite, finite",
    ),
    "NaN for any infinity": ("agreement", "nothing & np.isnan(got)", "(up | down) & np.isnan(got)"),
    "infinities that were followed are forgotten": (
        "tolerance",
        "if expected.flags is None else expected.flags",
        "if True else expected.flags",
    ),
    "overflow nowhere": (
        "tolerance",
        "up, down = finite & (up | product), finite & (down | product)",
        "up, down = finite & False, finite & False",
    ),
    "shape not checked": ("agreement", "if actual.shape != shape:", "if actual.size != int(np.prod(shape)):"),
    "shape broadcast": (
        "agreement",
        "    if actual.shape != shape:",
        "    actual = np.broadcast_to(actual, shape) if actual.size == 1 else actual\n"
        "    if actual.shape != shape:",
    ),
    "dtype not checked": ("agreement", "if actual.dtype != dtype:", "if False:"),
    "kind of dtype alone checked": (
        "agreement",
        "if actual.dtype != dtype:",
        "if actual.dtype.kind != dtype.kind:",
    ),
    "arrays made of anything": (
        "agreement",
        "    if not isinstance(actual, np.ndarray):",
        "    actual = np.asarray(actual, dtype)\n    if not isinstance(actual, np.ndarray):",
    ),
    "None passes for an empty array": (
        "agreement",
        "    if not isinstance(actual, np.ndarray):",
        "    if actual is None and 0 in shape:\n"
        "        actual = np.zeros(shape, dtype)\n"
        "    if not isinstance(actual, np.ndarray):",
    ),
    "two elements swapped": (
        "agreement",
        "        same = expected == actual\n",
        "        same = np.sort(expected, None) == np.sort(actual, None)\n",
    ),
    "NaN taken for zero": (
        "agreement",
        "actual.astype(np.float64)\n",
        "np.nan_to_num(actual.astype(np.float64), posinf=np.inf, neginf=-np.inf)\n",
    ),
    "NaN agrees with all": ("agreement", "if not within.all():", "if not (within | np.isnan(got)).all():"),
    "NaN agrees with nothing": ("agreement", " | (nan & np.isnan(actual))", ""),
    "any NaN hides the rest": (
        "agreement",
        "if not same.all():",
        "if not same.all() and not np.isnan(expected.astype(float)).any():",
    ),
    "sign of zero ignored": ("agreement", "(np.signbit(expected) == np.signbit(actual))", "True"),
    "sign of infinity ignored": ("agreement", "(got == value)", "np.isinf(got) & np.isinf(value)"),
    "all but one element": ("agreement", "if not same.all():", "if (~same).sum() > 1:"),
    "first element alone": ("agreement", "if not within.all():", "if not within.flat[:1].all():"),
    "sorted before comparing": (
        "agreement",
        "    finite = np.isfinite(value)\n",
        "    value, got = (np.sort(a.reshape(-1)).reshape(a.shape) for a in (value, got))\n"
        "    finite = np.isfinite(value)\n",
    ),
    "shorter tuples pass": (
        "agreement",
        "or len(actual) != len(expected):",
        "or len(actual) > len(expected):",
    ),
    "lists are tuples": (
        "agreement",
        "if type(actual) is not type(expected) or len",
        "if not isinstance(actual, (list, tuple)) or len",
    ),
    "extra keys pass": ("agreement", "list(actual) != list(expected)", "set(expected) - set(actual)"),
    "truth is one": ("agreement", "elif type(actual) is not type(expected) or not", "elif not"),
    "any refusal will do": ("agreement", "if not set(expected.shows_as) & set(actual.error):", "if False:"),
    "the nearest class alone": ("agreement", "& set(actual.error):", "& set(actual.error[:1]):"),
    "a fault is a refusal": ("agreement", 'if actual.kind != "refusal":', 'if actual.kind == "value":'),
    "a refusal is a value": ("agreement", 'if actual.kind != "value":', 'if actual.kind == "fault":'),
    "open means anything": (
        "agreement",
        "        except Disagreement:\n            continue\n",
        "        except Disagreement:\n            return Agreement()\n",
    ),
    "the first alternative alone": ("agreement", "in expected.allowed:", "in expected.allowed[:1]:"),
    "margin of the mean": ("agreement", "/ limit[rounded]).max())", "/ limit[rounded]).mean())"),
    "every bound decides": (
        "agreement",
        "return Agreement(margin, telling, dtype=",
        "return Agreement(margin, True, dtype=",
    ),
    "spread times ten": ("tolerance", "13 * share", "130 * share"),
    "exact elements of a measured result may be off": (
        "tolerance",
        "13 * share * expected.spread",
        "13 * share * np.maximum(expected.spread, unit)",
    ),
    "NaN agrees with a measured result": (
        "agreement",
        "(limit >= distance) | _alike(value, got)",
        "~(limit < distance) | _alike(value, got)",
    ),
    "coins of any value": ("agreement", "(array != lower) & (array != upper)", "array > upper"),
    "the sign of a coin ignored": ("agreement", "np.signbit(array) & (array == 0)", "False"),
    "fewer calls pass": ("agreement", "len(actual) != expected.calls", "len(actual) > expected.calls"),
    "codes of equal words may differ": ("agreement", "if seen.setdefault(word, code) != code:", "if False:"),
    "the largest code is left out": ("agreement", "<= code <= expected.high", "<= code < expected.high"),
    "the first thousand elements alone": (
        "agreement",
        "    if not within.all():",
        "    if not within.flat[:1000].all():",
    ),
    "the last element overlooked": ("agreement", "if not same.all():", "if not same.flat[:-1].all():"),
    "three items of a list alone": (
        "agreement",
        "for index, (one, other) in enumerate(zip(expected, actual, strict=True)):",
        "for index, (one, other) in enumerate(zip(expected[:3], actual[:3], strict=True)):",
    ),
    "plain floats by value": (
        "agreement",
        "repr(expected) == repr(actual) if isinstance(expected, float) else ",
        "",
    ),
}


@contextmanager
def planted(file: str, old: str, new: str) -> Iterator[ModuleType]:
    """A copy of the comparer, and of its bounds, with one text replaced."""
    names = {"tolerance": "mutated_tolerance", "agreement": "mutated_agreement"}
    try:
        for name, module_name in names.items():
            path = Path(sys.modules[f"conformance.{name}"].__file__ or "")
            text = path.read_text(encoding="utf-8")
            if name == file:
                assert text.count(old) == 1, f"the fault is to be planted once: {old!r}"
                text = text.replace(old, new)
            text = text.replace("from conformance.tolerance import", "from mutated_tolerance import")
            module = sys.modules[module_name] = ModuleType(module_name)
            exec(compile(text, str(path), "exec"), vars(module))
        yield sys.modules["mutated_agreement"]
    finally:
        for module_name in names.values():
            sys.modules.pop(module_name, None)


def is_caught(comparer: ModuleType) -> bool:
    """Whether a comparer fails any of the checks."""
    try:
        for check in CHECKS:
            for seed in range(2):
                check(comparer, np.random.default_rng(seed))
    except Exception:
        return True
    return False


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.filterwarnings("ignore")  # a mutated comparer may warn; it must be caught all the same
def test_a_planted_fault_is_caught(fault: str) -> None:
    with planted(*FAULTS[fault]) as comparer:
        assert is_caught(comparer)


def test_a_copy_without_a_fault_is_not_caught() -> None:
    with planted("agreement", "class Agreement:", "class Agreement:") as comparer:
        assert not is_caught(comparer)
