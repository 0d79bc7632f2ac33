"""Arrays and plain data as what can cross to another process, or into JSON, and back unharmed.

Nothing is pickled. An array keeps its dtype, shape and exact bytes, so that NaN payloads, -0.0
and bfloat16 survive; tuples, lists and dicts stay apart.
"""

from __future__ import annotations

import base64
import math
from functools import cache
from typing import Any

import numpy as np

from backends.base import dtype_name


class Malformed(ValueError):
    """Data that no encoder here has written; the message quotes it."""


@cache
def dtype_named(name: str) -> np.dtype[Any]:
    """The numpy dtype of a name, bfloat16 included."""
    if name == "bfloat16":
        import ml_dtypes

        named: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return named
    return np.dtype(name)


def pack(value: Any) -> Any:
    """`value` in the types that execnet carries, arrays as ["array", dtype, shape, bytes].

    execnet takes exact types alone, no integer below -2^31, and no text with a lone surrogate.
    """
    if isinstance(value, np.generic):
        return pack(value.item())
    if value is None or type(value) in (bool, float, bytes):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**31 else ["int", str(int(value))]
    if isinstance(value, str):
        return str(value) if value.isascii() else ["text", value.encode("utf-8", "surrogatepass")]
    if isinstance(value, (float, bytes)):
        return float(value) if isinstance(value, float) else bytes(value)
    if isinstance(value, np.ndarray):
        return ["array", _portable(value), list(value.shape), value.tobytes()]
    if isinstance(value, (list, tuple)):
        return ["list" if isinstance(value, list) else "tuple", [pack(item) for item in value]]
    if isinstance(value, dict):
        return ["dict", [[pack(k), pack(v)] for k, v in value.items()]]
    raise Malformed(f"cannot carry an instance of {type(value).__name__}: {value!r:.200}")


def unpack(packed: Any) -> Any:
    """What `pack` was given; Malformed if `packed` is nothing that it writes."""
    if packed is None or isinstance(packed, (bool, int, float, str, bytes)):
        return packed
    try:
        match packed:
            case ["array", str(name), list(shape), bytes(data)]:
                return _array(name, shape, data)
            case ["int", str(digits)]:
                return int(digits)
            case ["text", bytes(data)]:
                return data.decode("utf-8", "surrogatepass")
            case ["list", list(items)]:
                return [unpack(item) for item in items]
            case ["tuple", list(items)]:
                return tuple(unpack(item) for item in items)
            case ["dict", list(items)]:
                return {unpack(key): unpack(item) for key, item in _pairs(items)}
    except (TypeError, ValueError) as error:
        raise Malformed(f"not readable as data: {packed!r:.200} ({error})") from error
    raise Malformed(f"not readable as data: {packed!r:.200}")


def to_json(value: Any) -> Any:
    """`value` as JSON data: what is no plain JSON becomes an object with one key that names it."""
    if isinstance(value, np.generic):
        return to_json(value.item())
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, np.ndarray):
        data = base64.b64encode(value.tobytes()).decode("ascii")
        return {"array": {"dtype": _portable(value), "shape": list(value.shape), "bytes": data}}
    if isinstance(value, float):
        return value if math.isfinite(value) and math.copysign(1, value) > 0 else {"float": value.hex()}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [to_json(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[to_json(key), to_json(item)] for key, item in value.items()]}
    raise Malformed(f"cannot write an instance of {type(value).__name__} as JSON: {value!r:.200}")


def from_json(data: Any) -> Any:
    """What `to_json` was given; Malformed if `data` is nothing that it writes."""
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if isinstance(data, list):
        return [from_json(item) for item in data]
    try:
        match data:
            case {"array": {"dtype": str(name), "shape": list(shape), "bytes": str(text), **others}, **more}:
                _nothing_else(others | more)
                return _array(name, shape, base64.b64decode(text, validate=True))
            case {"float": str(text), **more}:
                _nothing_else(more)
                return float.fromhex(text)
            case {"bytes": str(text), **more}:
                _nothing_else(more)
                return base64.b64decode(text, validate=True)
            case {"tuple": list(items), **more}:
                _nothing_else(more)
                return tuple(from_json(item) for item in items)
            case {"dict": list(items), **more}:
                _nothing_else(more)
                return {from_json(key): from_json(item) for key, item in _pairs(items)}
    except (TypeError, ValueError, OverflowError) as error:
        raise Malformed(f"not readable as data: {data!r:.200} ({error})") from error
    raise Malformed(f"not readable as data: {data!r:.200}")


def _portable(array: np.ndarray[Any, Any]) -> str:
    """The name of the array's dtype, from which the very dtype can be made again; or Malformed."""
    name = dtype_name(array.dtype)
    if not _named(name, array.dtype):
        raise Malformed(f"cannot carry an array of dtype {array.dtype!r}: {array!r:.200}")
    return name


@cache
def _named(name: str, dtype: np.dtype[Any]) -> bool:
    """Whether a name and plain bytes say all: no objects, texts, fields or foreign byte order."""
    if dtype.hasobject:
        return False
    try:
        return dtype_named(name) == dtype
    except TypeError:
        return False


def _array(name: str, shape: list[Any], data: bytes) -> np.ndarray[Any, Any]:
    """The array of a dtype's name, a shape and bytes; ValueError or TypeError if they do not fit."""
    dtype = dtype_named(name)
    if dtype_name(dtype) != name:
        raise ValueError(f"{name!r} names no dtype")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"{shape!r} is no shape")
    return np.frombuffer(data, dtype).reshape(shape).copy()


def _pairs(items: list[Any]) -> list[Any]:
    """The items of a dict, each a list of two; ValueError if one is not."""
    if any(type(item) is not list or len(item) != 2 for item in items):
        raise ValueError("the items of a dict are pairs")
    return items


def _nothing_else(more: dict[Any, Any]) -> None:
    if more:
        raise ValueError(f"unknown keys: {', '.join(map(str, more))}")
