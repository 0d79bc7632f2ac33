"""How a reproduction tells a divergence: the lines that compare, no more than its outcome asks for.

Floating results are compared with what is expected, rounded to its dtype; the bound is widened by that
rounding, and to two digits, so that no script calls a divergence what the law allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backends.codec import dtype_named
from conformance.tolerance import bound, measured_bound
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Measured

NEAR = 4.0
"""Bounds of one array that differ by this factor at most are written as the largest of them."""

_NAMES = "names = {c.__name__ for c in type(actual).__mro__}"

_ALIKE = (
    "same = isinstance(actual, np.ndarray) and "
    "(actual.dtype, actual.shape) == (expected.dtype, expected.shape)"
)

_CLOSE = "np.isclose(actual, expected, 0, {bound}, equal_nan=True).all()"

_EQUAL = "actual.tobytes() == expected.tobytes()"

_WITH_NAN = "np.array_equal(actual, expected, equal_nan=True)"

_SIGNED = f"({_WITH_NAN} and (np.signbit(actual) == np.signbit(expected))[expected == 0].all())"


def checking(said: Any, tensorflow: bool = True) -> tuple[list[str], list[str]]:
    """A function that compares, if one is needed, and the lines that set `diverges` and say why.

    They read `actual`, which is a result or an exception. tensorflow: whether it can be one of TensorFlow's.
    """
    if not tensorflow and isinstance(said, (Refused, AnyOf)):
        said = _without_tensorflow(said)
    if isinstance(said, Refused):
        names = " or ".join(said.shows_as)
        lines = [_NAMES, f"diverges = not {_refuses([said])}"]
        return [], [*lines, f'print("expected: a refusal with {names}")']
    if isinstance(said, AnyOf):
        return _any_of(said)
    value, bounds = _expected(said)
    lines = [f"expected = {source(value)}"]
    functions: list[str] = []
    if isinstance(value, np.ndarray):
        lines += [_ALIKE, f"diverges = not same or not {_alike(value, bounds)}"]
    elif isinstance(value, (list, tuple, dict)) and not _arrays([(value, bounds)]):
        lines.append("diverges = repr(actual) != repr(expected)")
    elif isinstance(value, (list, tuple, dict)):
        functions = _comparing([value], [bounds])
        lines.append(f"diverges = not same(expected, actual, {source(bounds)})")
    else:
        lines.append("diverges = type(actual) is not type(expected) or actual != expected")
    return functions, [*lines, 'print("expected:", repr(expected))']


def _without_tensorflow(said: Refused | AnyOf) -> Refused | AnyOf:
    """The same, without the exceptions that only TensorFlow raises."""
    if isinstance(said, AnyOf):
        return AnyOf(tuple(_without_tensorflow(o) if isinstance(o, Refused) else o for o in said.allowed))
    left = tuple(name for name in said.shows_as if name != "InvalidArgumentError")
    return Refused(str(said), shows_as=left or said.shows_as)


def _any_of(said: AnyOf) -> tuple[list[str], list[str]]:
    refusals = [one for one in said.allowed if isinstance(one, Refused)]
    found: dict[str, tuple[Any, Any]] = {}
    for one in said.allowed:
        if not isinstance(one, Refused):
            value, bounds = _expected(one)
            before = found.get(source(value))
            found[source(value)] = (value, bounds if before is None else _wider(before[1], bounds))
    lines: list[str] = []
    tests: list[str] = []
    functions: list[str] = []
    told = '"expected:"'
    if found:
        values, bounds_ = zip(*found.values(), strict=True)
        plain = not _arrays(list(found.values()))
        functions = [] if plain else _comparing(list(values), list(bounds_))
        lines = [f"expected = {source(list(values))}"]
        told = '"expected one of:", expected'
        tests = ["repr(actual) in map(repr, expected)"]
        if not plain:
            tests = [f"any(map(same, expected, [actual] * {len(values)}, {source(list(bounds_))}))"]
        if len(found) == 1:
            lines = [f"expected = {source(values[0])}"]
            told = '"expected:", repr(expected)'
            tests = [
                "repr(actual) == repr(expected)" if plain else f"same(expected, actual, {source(bounds_[0])})"
            ]
    if refusals:
        names = " or ".join(dict.fromkeys(name for one in refusals for name in one.shows_as))
        told += f', "{"or " if found else ""}a refusal with {names}"'
        lines.append(_NAMES)
        tests.append(_refuses(refusals))
    return functions, [*lines, f"diverges = not ({' or '.join(tests)})", f"print({told})"]


def _refuses(refusals: list[Refused]) -> str:
    names = sorted({name for one in refusals for name in one.shows_as})
    return f"names & {{{', '.join(map(repr, names))}}}"


def _comparing(values: list[Any], bounds: list[Any]) -> list[str]:
    """A function `same(expected, actual, bound)` for values of the kinds that are found in these."""
    pairs = list(zip(values, bounds, strict=True))
    kinds = {type(leaf) for value, of in pairs for leaf, _ in _leaves(value, of)}
    arrays = _arrays(pairs)
    lines = ["def same(expected, actual, bound):"]
    if kinds != {np.ndarray}:
        lines += ["    if type(actual) is not type(expected):", "        return False"]
    if dict in kinds:
        each = "(list(one.items()) for one in (expected, actual, bound))"
        lines += ["    if isinstance(expected, dict):", f"        expected, actual, bound = {each}"]
    if kinds & {list, tuple, dict}:
        lines += ["    if isinstance(expected, (list, tuple)):"]
        lines += ["        return len(actual) == len(expected) and all(map(same, expected, actual, bound))"]
    if dict in kinds or kinds - {list, tuple, np.ndarray}:
        lines += ["    if not isinstance(expected, np.ndarray):", "        return actual == expected"]
    tests = dict.fromkeys(_alike(value, limit, "bound") for value, limit in arrays)
    close = _CLOSE.format(bound="bound")
    exact = [test for test in tests if test != close]
    test = next((one for one in (_SIGNED, _WITH_NAN, _EQUAL) if one in exact), close)
    if test is _WITH_NAN and _EQUAL in exact:
        test = _SIGNED
    if exact and close in tests:
        test = f"({test} if bound is None else {close})"
    form = "(actual.dtype, actual.shape) == (expected.dtype, expected.shape)"
    is_array = "isinstance(actual, np.ndarray) and " if kinds == {np.ndarray} else ""
    lines.append(f"    alike = {is_array}{form}")
    return [*lines, f"    return alike and bool({test})"]


def _alike(value: np.ndarray[Any, Any], limit: Any, name: str = "") -> str:
    """The test of an array that has the dtype and the shape."""
    if limit is not None:
        return _CLOSE.format(bound=name or source(limit))
    if value.dtype.kind not in "fV" or not np.isnan(value).any():
        return _EQUAL
    return _SIGNED if (value == 0).any() else _WITH_NAN


def _arrays(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The arrays in values, each with its bound."""
    leaves = [leaf for value, bounds in pairs for leaf in _leaves(value, bounds)]
    return [(value, limit) for value, limit in leaves if isinstance(value, np.ndarray)]


def _leaves(value: Any, bounds: Any) -> list[tuple[Any, Any]]:
    """A value and all that is in it, with the bound of each array."""
    if isinstance(value, dict):
        inner = [leaf for key in value for leaf in _leaves(value[key], bounds[key])]
    elif isinstance(value, (list, tuple)):
        inner = [leaf for one, of in zip(value, bounds, strict=True) for leaf in _leaves(one, of)]
    else:
        return [(value, bounds)]
    return [(value, None), *inner]


def rounded(said: Any) -> Any:
    """An outcome as plain data, each floating result rounded to its dtype."""
    return _expected(said)[0]


def _expected(said: Any) -> tuple[Any, Any]:
    """The expected value, and in the same structure the bound of each array, None where it is exact."""
    if isinstance(said, (Bounded, Measured)):
        exact = np.asarray(said.value, np.float64)
        limit = bound(said, flushes=True) if isinstance(said, Bounded) else measured_bound(said)
        with np.errstate(over="ignore", invalid="ignore"):
            near = exact.astype(said.dtype)
            off = np.abs(near.astype(np.float64) - exact)
            widened = limit + np.where(np.isfinite(off), off, 0.0)
        return near, _written(np.where(np.isfinite(exact), widened, 0.0))
    if isinstance(said, (list, tuple)):
        pairs = [_expected(item) for item in said]
        return type(said)(value for value, _ in pairs), [bounds for _, bounds in pairs]
    if isinstance(said, dict):
        of_keys = {key: _expected(item) for key, item in said.items()}
        values = {key: value for key, (value, _) in of_keys.items()}
        return values, {key: bounds for key, (_, bounds) in of_keys.items()}
    return said, None


def _written(limit: np.ndarray[Any, Any]) -> Any:
    """Bounds in two digits, rounded up: one number, if they are near each other."""
    if limit.size == 0:
        return 0.0
    if limit.max() <= NEAR * limit.min():
        return _up(float(limit.max()))
    return _each(_up, limit.tolist())


def _up(value: float) -> float:
    if value == 0 or not np.isfinite(value):
        return value
    for more in (1.0, 1.05, 1.11):
        if (short := float(f"{value * more:.1e}")) >= value:
            return short
    return value


def _each(function: Callable[..., Any], *trees: Any) -> Any:
    if isinstance(trees[0], list):
        return [_each(function, *row) for row in zip(*trees, strict=True)]
    return function(*trees)


def _wider(one: Any, other: Any) -> Any:
    """The wider of two bounds of the same value, part by part."""
    if isinstance(one, dict):
        return {key: _wider(one[key], other[key]) for key in one}
    if isinstance(one, list) and isinstance(other, list):
        return [_wider(a, b) for a, b in zip(one, other, strict=True)]
    if one is None or other is None:
        return one if other is None else other
    return np.maximum(one, other).tolist()


def source(value: Any) -> str:
    """Python source for a value, exact, that needs numpy alone."""
    if isinstance(value, np.ndarray):
        if value.dtype == dtype_named("bfloat16"):
            import_it = '__import__("ml_dtypes").bfloat16'
            return (
                f"np.array({_elements(value.astype(np.float64))}).reshape({value.shape}).astype({import_it})"
            )
        if value.size == 0:
            return f'np.zeros({value.shape}, "{value.dtype}")'
        return f'np.array({_elements(value)}, "{value.dtype}")'
    if isinstance(value, list):
        return f"[{', '.join(map(source, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {source(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _elements(array: np.ndarray[Any, Any]) -> str:
    """The elements of an array; in single precision with no more digits than tell them apart."""
    if array.dtype in (np.dtype("float32"), np.dtype("float16")):
        text = repr(_each(lambda one: float(str(one)), _listed(array)))
    else:
        text = repr(array.tolist())
    return text.replace("nan", "np.nan").replace("inf", "np.inf")


def _listed(array: np.ndarray[Any, Any]) -> Any:
    return [_listed(one) for one in array] if array.ndim else array[()]
