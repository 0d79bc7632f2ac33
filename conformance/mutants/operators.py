"""The operators of automatic mutation: a fixed, published list. It is not trimmed to please the figure.

Each takes a node of a function's syntax tree and gives the nodes that may stand in its place.
`conformance mutants --operators` prints the list.

boolean      `and` ↔ `or`; `not` dropped; a condition negated; True ↔ False; `any` ↔ `all`;
             `logical_and` ↔ `logical_or`; `&` ↔ `|`; `~` dropped
comparison   an ordering moved by its boundary, and negated; `==` ↔ `!=`; `is` ↔ `is not`; `in` ↔ `not in`;
             `min` ↔ `max`, `minimum` ↔ `maximum`, `argmin` ↔ `argmax`
arithmetic   `+` ↔ `-`, `*` ↔ `/`, `//` → `*`, `%` → `*`, `**` → `*`, `@` → `+`; a minus sign dropped
constant     a number plus one; and minus one, if it is whole
axis         `axis=k` → k - 1, and → 0 where k is negative, → -1 where it is not; `.T` dropped
index        a whole index plus and minus one; a named one minus one; a slice one later at its start, one
             earlier at its end, and without its step
none         `is None` taken for False, `is not None` for True; a returned None → 0
dtype        float64 ↔ float32, int64 ↔ int32, bool → int8; `.astype(…)` dropped; `dtype=` dropped
return       a return or raise that is not the last statement of its function dropped; a call whose
             result is not used dropped; `continue` and `break` dropped; a loop left after one pass
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

Alternatives = Iterator[ast.AST]

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Add,
}

BITS: dict[type[ast.operator], type[ast.operator]] = {ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}

TWINS = {
    "boolean": (("any", "all"), ("logical_and", "logical_or")),
    "comparison": (("min", "max"), ("minimum", "maximum"), ("argmin", "argmax")),
    "dtype": (("float32", "float64"), ("int32", "int64")),
}
"""Names that stand for each other, of functions and of dtypes."""


def boolean(node: ast.AST) -> Alternatives:
    """Conditions and what joins them."""
    match node:
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield ast.BoolOp(other, node.values)
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield node.operand
        case ast.BinOp() | ast.AugAssign() if type(node.op) in BITS:
            yield _with(node, op=BITS[type(node.op)]())
        case ast.Constant(value=True | False):
            yield ast.Constant(not node.value)
        case ast.If() | ast.IfExp() | ast.While() if not isinstance(node.test, ast.Compare):
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.comprehension():
            for place, test in enumerate(node.ifs):
                negated = [*node.ifs]
                negated[place] = ast.UnaryOp(ast.Not(), test)
                yield _with(node, ifs=negated)
    yield from _twins(node, "boolean")


def comparison(node: ast.AST) -> Alternatives:
    """Orderings and equality."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                ops = [*node.ops]
                ops[place] = other()
                yield _with(node, ops=ops)
    yield from _twins(node, "comparison")


def arithmetic(node: ast.AST) -> Alternatives:
    """What is calculated."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in ARITHMETIC:
        yield _with(node, op=ARITHMETIC[type(node.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def constant(node: ast.AST) -> Alternatives:
    """Numbers."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        assert isinstance(node.value, (int, float))
        yield ast.Constant(node.value + 1)
        if isinstance(node.value, int) and node.value:
            yield ast.Constant(node.value - 1)


def axis(node: ast.AST) -> Alternatives:
    """Along what something goes."""
    if isinstance(node, ast.keyword) and node.arg == "axis" and (number := _whole(node.value)) is not None:
        for other in dict.fromkeys((number - 1, 0 if number < 0 else -1)):
            if other != number:
                yield _with(node, value=ast.Constant(other))
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def index(node: ast.AST) -> Alternatives:
    """What is picked out of a sequence."""
    if isinstance(node, ast.Subscript):
        for place, part in enumerate(_parts(node.slice)):
            for other in _other_places(part):
                yield _with(node, slice=_replaced(node.slice, place, other))


def none(node: ast.AST) -> Alternatives:
    """What is done about a None."""
    match node:
        case ast.Compare(ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            yield ast.Constant(False)
        case ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            yield ast.Constant(True)
        case ast.Return(value=ast.Constant(value=None)) | ast.Return(value=None):
            yield ast.Return(ast.Constant(0))


def dtype(node: ast.AST) -> Alternatives:
    """What kind of number something is."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
            yield node.func.value
        for place, keyword in enumerate(node.keywords):
            if keyword.arg == "dtype":
                yield _with(node, keywords=node.keywords[:place] + node.keywords[place + 1 :])
    if isinstance(node, ast.Attribute) and node.attr in ("bool", "bool_") and _is_numpy(node.value):
        yield _with(node, attr="int8")
    yield from _twins(node, "dtype")


def early_return(node: ast.AST) -> Alternatives:
    """Where a function or a loop ends. The last statement of a function is left to the others."""
    match node:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.For():
            yield _with(node, body=[*node.body, ast.Break()])


OPERATORS: dict[str, Callable[[ast.AST], Alternatives]] = {
    "boolean": boolean,
    "comparison": comparison,
    "arithmetic": arithmetic,
    "constant": constant,
    "axis": axis,
    "index": index,
    "none": none,
    "dtype": dtype,
    "return": early_return,
}


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """A node with other fields."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def _twins(node: ast.AST, operator: str) -> Alternatives:
    for pair in TWINS[operator]:
        for name, other in (pair, pair[::-1]):
            if isinstance(node, ast.Attribute) and node.attr == name:
                yield _with(node, attr=other)
            elif isinstance(node, ast.Name) and node.id == name:
                yield _with(node, id=other)


def _whole(node: ast.AST) -> int | None:
    """A whole number as it is written, with its sign."""
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    return None


def _is_numpy(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "np"


def _parts(subscript: ast.expr) -> list[ast.expr]:
    return subscript.elts if isinstance(subscript, ast.Tuple) else [subscript]


def _replaced(subscript: ast.expr, place: int, other: ast.expr) -> ast.expr:
    if not isinstance(subscript, ast.Tuple):
        return other
    return ast.Tuple([*subscript.elts[:place], other, *subscript.elts[place + 1 :]], ast.Load())


def _other_places(part: ast.expr) -> Iterator[ast.expr]:
    number = _whole(part)
    if number is not None:
        yield ast.Constant(number + 1)
        yield ast.Constant(number - 1)
    elif isinstance(part, ast.Name):
        yield ast.BinOp(part, ast.Sub(), ast.Constant(1))
    elif isinstance(part, ast.Slice):
        one = ast.Constant(1)
        lower = ast.BinOp(part.lower, ast.Add(), one) if part.lower else one
        upper = ast.BinOp(part.upper, ast.Sub(), one) if part.upper else ast.Constant(-1)
        if part.step is not None:
            yield ast.Slice(part.lower, part.upper, None)
        yield ast.Slice(lower, part.upper, part.step)
        yield ast.Slice(part.lower, upper, part.step)
