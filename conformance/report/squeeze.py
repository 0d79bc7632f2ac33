"""Makes an HTML text of ours smaller and leaves what a browser makes of it as it is.

It needs no more of HTML than the templates use, where autoescape has taken care of every `<` and `>` in
texts and attributes: quotes that nothing needs go, and so do end tags that the next tag implies and the
lines' ends beside blocks, where no space is shown. What stands in `pre`, `script` and `style` stays.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"(<(pre|script|style)\b[^>]*>)(.*?</\2>)|(<[^>]*>)|([^<]+)", re.DOTALL)
_QUOTED = re.compile(r'="([^\s"\'=<>`]*[^\s"\'=<>`/])"(?=[ >])')
_IMPLIED = re.compile(r"</(?:td|th|tr|thead|tbody|li|option|dt|dd)>")
_PARAGRAPH = re.compile(
    r"</p>(?=<(?:p|div|table|ul|dl|pre|details|article|section|h[1-6]|"
    r"/div|/article|/section|/details|/figure|/li|/td|/th)\b)"
)
_BLOCKS = re.compile(
    r"</?(?:html|head|meta|link|title|style|script|body|header|nav|main|section|article|footer|div|p|ul|ol|li|"
    r"dl|dt|dd|table|thead|tbody|tr|td|th|h[1-6]|pre|details|summary|figure|figcaption|form|option|!doctype)\b"
)


def squeeze(page: str) -> str:
    """The same page in fewer characters."""
    kept: list[str] = []
    text: list[str] = []
    block = True
    for verbatim, _, inside, tag, words in _PIECE.findall(page):
        if words and not words.strip(" \t\r\n"):
            text.append(" " if "\n" not in words else "" if block else "\n")
        elif words:
            text.append(words.replace("&#34;", '"').replace("&#39;", "'"))
            block = False
        else:
            block = _BLOCKS.match(verbatim or tag) is not None
            if block and text and text[-1] == "\n":
                text.pop()
            text.append(_QUOTED.sub(r"=\1", verbatim or tag))
            if verbatim:
                kept += [_short("".join(text)), inside]
                text = []
    return "".join([*kept, _short("".join(text))])


def _short(text: str) -> str:
    """Without the end tags that are implied."""
    return _IMPLIED.sub("", _PARAGRAPH.sub("", text))
