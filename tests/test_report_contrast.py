"""The colors of the report have the contrast that WCAG AA asks for."""

from __future__ import annotations

import re

import pytest
from pages import REPOSITORY

from conformance.report.marks import MARKS


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marks_and_the_text_have_the_contrast_that_people_need(scheme: str) -> None:
    css = (REPOSITORY / "conformance/report/templates/report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    names = dict(
        re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[0] + (blocks[1] if scheme == "dark" else ""))
    )
    pairs = [(mark.key, f"{mark.key}-bg") for mark in MARKS]
    pairs += [(ink, ground) for ink in ("text", "soft", "link") for ground in ("page", "card", "sunk")]
    pairs += [(ink, "sunk") for ink in ("comment", "string", "keyword")]
    pairs += [
        ("fail", "card"),
        ("fail", "sunk"),
        ("expected", "card"),
        ("text", "expected-bg"),
        ("link", "expected-bg"),
    ]
    weak = {pair: contrast(names[pair[0]], names[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def contrast(ink: str, ground: str) -> float:
    """The contrast of two colors as WCAG defines it."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
