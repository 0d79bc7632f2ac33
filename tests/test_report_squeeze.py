"""The page is made smaller, and a reader of HTML finds the same in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import Parsed, every_state, make_run, written

from conformance.report.squeeze import squeeze


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<td class="m-pass">\n<a href="#merging.mask/tf">', "<td class=m-pass><a href=#merging.mask/tf>"),
        ('<p class="a b">it&#39;s &#34;so&#34;</p>\n<p>x</p>', '<p class="a b">it\'s "so"<p>x</p>'),
        ("<ul>\n<li>one</li>\n<li>two</li>\n</ul>", "<ul><li>one<li>two</ul>"),
        ("<b>one</b>\n<b>two</b>", "<b>one</b>\n<b>two</b>"),
        ("<p>a\n\n  b</p>", "<p>a\n\n  b</p>"),
        ("<p>&lt;/p&gt; &amp;</p>", "<p>&lt;/p&gt; &amp;</p>"),
        ('<a title="x=&#34;y&#34;">', '<a title="x=&#34;y&#34;">'),
        ('<a href="https://x.org/">', '<a href="https://x.org/">'),
        ('<input value="">', '<input value="">'),
        ("<pre>  <code>a</li>&#39;\n\n</code></pre>", "<pre>  <code>a</li>&#39;\n\n</code></pre>"),
        ("<b>\N{NO-BREAK SPACE}</b>", "<b>\N{NO-BREAK SPACE}</b>"),
    ],
)
def test_what_goes_and_what_stays(before: str, after: str) -> None:
    assert squeeze(before) == after


def test_the_page_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run", every_state())
    small = Parsed(written([run], tmp_path))
    monkeypatch.setattr("conformance.report.render.squeeze", lambda text: text)
    large = Parsed(written([run], tmp_path))
    assert (small.ids, small.links, small.tags) == (large.ids, large.links, large.tags)
    assert "".join(small.text.split()) == "".join(large.text.split())
