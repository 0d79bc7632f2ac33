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
    """`value` in the types that execnet carries, arrays as ["array", dtype, shape, bytes]."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if isinstance(value, np.ndarray):
        return ["array", dtype_name(value.dtype), list(value.shape), value.tobytes()]
    if isinstance(value, np.generic):
        return pack(value.item())
    if isinstance(value, (list, tuple)):
        return [type(value).__name__ if type(value) in (list, tuple) else "tuple", [pack(v) for v in value]]
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
                return np.frombuffer(data, dtype_named(name)).reshape(shape).copy()
            case ["list", list(items)]:
                return [unpack(item) for item in items]
            case ["tuple", list(items)]:
                return tuple(unpack(item) for item in items)
            case ["dict", list(items)]:
                return {unpack(key): unpack(item) for key, item in items}
    except (TypeError, ValueError) as error:
        raise Malformed(f"not readable as data: {packed!r:.200} ({error})") from error
    raise Malformed(f"not readable as data: {packed!r:.200}")


def to_json(value: Any) -> Any:
    """`value` as JSON data: what is no plain JSON becomes an object with one key that names it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, np.ndarray):
        data = base64.b64encode(value.tobytes()).decode("ascii")
        return {"array": {"dtype": value.dtype.name, "shape": list(value.shape), "bytes": data}}
    if isinstance(value, np.generic):
        return to_json(value.item())
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
            case {"array": {"dtype": str(name), "shape": list(shape), "bytes": str(text)}}:
                raw = base64.b64decode(text, validate=True)
                return np.frombuffer(raw, dtype_named(name)).reshape(shape).copy()
            case {"float": str(text)}:
                return float.fromhex(text)
            case {"bytes": str(text)}:
                return base64.b64decode(text, validate=True)
            case {"tuple": list(items)}:
                return tuple(from_json(item) for item in items)
            case {"dict": list(items)}:
                return {from_json(key): from_json(item) for key, item in items}
    except (TypeError, ValueError) as error:
        raise Malformed(f"not readable as data: {data!r:.200} ({error})") from error
    raise Malformed(f"not readable as data: {data!r:.200}")
