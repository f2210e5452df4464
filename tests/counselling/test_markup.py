"""A reply's Markdown becomes clean HTML; a plain line takes the short way there, to the same place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counselling import markup

# What people type, and every character that could mean something to Markdown, HTML or a link.
WORDS = (
    "Guten Abend, ich bin da. Wie geht's? z.B. www.amt.de http://amt.de amt.de mailto:a@amt.de "
    "tel:110 1. - + * ** _ ~ # > < & &amp; [a](b) ![a](b) `a` \\ ( ) … – : ; ! ? ' \" | = a\u200bb ß 你"
)
PARTS = st.sampled_from([*WORDS.split(), "\u00a0"])
LINES = st.lists(PARTS | st.text(max_size=4), max_size=8).map(" ".join)


@given(LINES)
def test_a_plain_line_becomes_what_markdown_would_make_of_it(line: str) -> None:
    assert markup.render_reply(line) == markup.rendered(line)


@pytest.mark.parametrize(
    "line",
    ["Guten Abend, ich bin da.", "Ja", "Um 8 Uhr: beim Amt (Zimmer 3)!", "Mögen Sie erzählen?"],
)
def test_what_is_said_in_a_chat_is_mostly_plain(line: str) -> None:
    assert markup.is_plain(line)
    assert markup.render_reply(line) == f"<p>{line}</p>\n"


@pytest.mark.parametrize(
    "line", ["**Ja**", "1. Ja", "http://amt.de", "ja <script>", "z.B.", "ja\nnein", "- ja", "a & b"]
)
def test_what_is_not_plain_takes_the_long_way(line: str) -> None:
    assert not markup.is_plain(line)


def test_nothing_runs() -> None:
    html = markup.render_reply(
        "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>"
    )
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
