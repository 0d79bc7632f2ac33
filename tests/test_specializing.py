"""Scripts are specialized to their case: shorter, and of the same result."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from conformance.specializing import specialized
from conformance.specializing.layout import WIDTH

DEFINED = """\
# a head
import numpy as np
from typing import Any


def make(kind: Any, size: int = 2, **options: Any) -> Any:
    \"\"\"Something of a kind.\"\"\"
    if kind == "range":
        return np.arange(size, **options)
    elif kind == "full":
        value = options.pop("value")
        return np.full(size, value, **options)
    return None


def twice(value):
    return value + value


class Counting:
    def __init__(self, seen):
        self.look = seen.append

    def __call__(self, value):
        self.look(value)
        return value


"""

SCRIPTS = {
    "a branch": 'kind, size = "range", 3\nprint(make(kind, size))',
    "no branch": 'print(make("other"))',
    "options": 'options = {"dtype": "int8"}\nprint(make("range", **options).dtype)',
    "an option is taken out": 'options = {"value": 4, "dtype": "int8"}\nprint(make("full", **options))',
    "a loop": "found = []\nfor name, *rest in [['a'], ['b', 1]]:\n    found += [name, rest]\nprint(found)",
    "a loop that ends early": "for one in [1, 2, 3]:\n    if one == 2:\n        break\nprint(one)",
    "a name that is assigned again": "x = None\nx = 3\nif x is not None:\n    print(x)\nx = x + 1\nprint(x)",
    "a list that grows": "seen = []\ncount = Counting(seen)\ncount(1)\nprint(len(seen), seen or 'none')",
    "an item of a list": "a = []\nfor i in [1, 2]:\n    a.append([twice(i)])\na = a[1][0]\nprint(a)",
    "an item alone": "a = []\na.append([1])\na.append([2])\na = a[0]\nprint(a)",
    "a list that is read": "a = []\na.append(1)\na.append(len(a))\na = a[1]\nprint(a)",
    "items with traces": "a, b = [], [1, 2]\na.append(b.pop())\na.append(b.pop())\na = a[1]\nprint(a, b)",
    "a list of lists that grow": "a = [[] for _ in [1, 2]]\nfor b in a:\n    b.append(1)\nprint(a)",
    "a dict that changes": "d = {'a': 1}\nd['a'] = 2\nprint(d['a'], d.get('b', 3))",
    "a call in a branch": "x = np.ones(2)\nprint(twice(x).sum() if x.ndim == 1 else twice(None))",
    "a call in a lambda": "f = lambda x: twice(x)\nprint(f(2), list(map(f, [1, 2])))",
    "a call twice": "print(twice(make('range', 2)))",
    "a name of the caller": "value = 5\nprint(twice(value + 1), value)",
    "a comprehension": "d = {'a': 0, 'b': 1}\nprint({k: v for k, v in d.items() if v}, [k for k in d])",
    "zip and map": "a, b = [1, 2], [3, 4]\nprint([x * y for x, y in zip(a, b)], list(map(twice, a)))",
    "shapes": "x = np.zeros((2, 3), 'float32')\nprint(x.shape[1:], len(x), x.dtype.name, x.ndim == 2)",
    "an error": "try:\n    actual = twice(1, 1)\nexcept TypeError as error:\n    print(type(error))",
    "an assertion": "x = None\nassert x is None or x > 0\nprint('held')",
    "a text": "name = 'a'\nprint(f'{name}b', f'{1 + 1}', name.upper(), \"it's\")",
    "numbers": "print(-1, -0.0, 1e-07, 3 // 2, 2 ** 3, not [], 1 in (1, 2), 'a' in 'abc')",
    "and, or": "x, y = 0, [1]\nprint(x or y, x and y, y and x, None or False)",
    "a generator": "def part():\n    for i in [1, 2]:\n        yield i\n\n\nprint(list(part()))",
    "a function that calls itself": "def f(n):\n    return n if n < 1 else f(n - 1)\n\n\nprint(f(3))",
}


def printed(script: str) -> str:
    """What a script prints."""
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(script, "script", "exec"), {"__name__": "script"})
    return out.getvalue()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_specialized_script_prints_the_same_in_fewer_lines(name: str) -> None:
    script = DEFINED + SCRIPTS[name] + "\n"
    short = specialized(script)
    assert printed(short) == printed(script)
    assert short.startswith("# a head\n")
    assert short.count("\n") < script.count("\n")
    assert specialized(short).count("\n") <= short.count("\n")


def test_what_the_case_decides_is_gone() -> None:
    script = DEFINED + 'kind, size = "range", 3\nactual = make(kind, size)\nprint(actual)\n'
    assert specialized(script) == "# a head\nimport numpy as np\nactual = np.arange(3)\nprint(actual)\n"


def test_of_a_list_of_which_one_item_is_kept_the_others_are_gone() -> None:
    script = "a = []\na.append({'b': [1]})\na.append({'b': [np.ones(2)]})\na = a[1]['b'][0]\nprint(a)\n"
    assert specialized(f"import numpy as np\n{script}") == "import numpy as np\nprint([np.ones(2)][0])\n"


def test_long_lines_are_broken_at_commas() -> None:
    script = f"x = {[[i, [i] * 9] for i in range(20)]!r}\nprint(x, sum(i for i in range(3)))\n"
    short = specialized(script)
    assert max(map(len, short.splitlines())) <= WIDTH
    assert printed(short) == printed(script)


def test_infinite_numbers_stay_numbers() -> None:
    script = DEFINED + 'bound = [[float("inf"), 0.5], [-float("inf"), 1.0]]\nprint(bound, np.max(bound))\n'
    assert printed(specialized(script)) == printed(script)


def test_a_script_that_is_no_python_is_left_as_it_is() -> None:
    assert specialized("this is\nno python") == "this is\nno python"
