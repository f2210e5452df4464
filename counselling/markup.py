"""Make written text into HTML: replies from Markdown, clients' words as they are.

Cleaning happens on output, so that a stricter rule tomorrow also covers what was written today.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, cast

import bleach
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# No tables, images or raw HTML: a reply is a letter.
_MARKDOWN = MarkdownIt("zero", {"html": False, "linkify": False, "breaks": True}).enable(
    ["emphasis", "link", "autolink", "list", "blockquote", "heading", "newline", "escape", "entity"]
)
_TAGS = frozenset(
    ["p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "a", "h2", "h3", "h4"]
)
_PROTOCOLS = frozenset(["https", "http", "mailto", "tel"])
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"']{2,2000}", re.IGNORECASE)
# A line of plain words, as most in a chat are. It becomes what the long way makes of it (tests compare
# them), at a fiftieth of the time.
_PLAIN = re.compile(r"[^\W\d_](?:[^\W_]|[,;!?()\-–…]| (?! |$)|[.:](?= |$)){0,2000}")
_PLACEHOLDER = re.compile(r"\{\{\s*(\w{1,40})\s*\}\}")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a client's text: plain words, or a web address (`address` is then set)."""

    text: str
    address: str = ""


def render_reply(markdown: str) -> SafeString:
    """Return a reply's Markdown as clean HTML: no script, no image, only harmless links."""
    if is_plain(markdown):
        return format_html("<p>{}</p>\n", markdown)
    return rendered(markdown)


def is_plain(markdown: str) -> bool:
    """Say whether nothing in a line means anything to Markdown, HTML or a link."""
    return _PLAIN.fullmatch(markdown) is not None


def rendered(markdown: str) -> SafeString:
    """Return Markdown as clean HTML, the long way, whatever is in it."""
    # A reply's own first heading stands below the page's, whatever level was typed.
    html = re.sub(r"<(/?)h[1-6]>", r"<\1h3>", _MARKDOWN.render(markdown))
    cleaned = bleach.clean(
        html,
        tags=_TAGS,
        attributes={"a": ["href", "title"]},
        protocols=_PROTOCOLS,
        strip=True,
    )
    linked = bleach.linkify(cleaned, callbacks=[_CALLBACK], parse_email=False)
    return mark_safe(linked)  # noqa: S308 - cleaned by bleach just above


def spans(text: str) -> Iterator[Span]:
    """Split a client's text into words and web addresses, so that staff are warned before a link."""
    position = 0
    for match in _ADDRESS.finditer(text):
        shown = match.group().rstrip(".,;:!?)]}")
        if match.start() > position:
            yield Span(text[position : match.start()])
        address = shown if "://" in shown else f"https://{shown}"
        yield Span(shown, address)
        position = match.start() + len(shown)
    if position < len(text):
        yield Span(text[position:])


def fill_placeholders(body: str, values: Mapping[str, str]) -> str:
    """Replace `{{name}}` in a text module; a name without a value stays visible as it is."""
    return _PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group()), body)


def _harmless(
    attributes: MutableMapping[Any, str], new: bool = False
) -> MutableMapping[Any, str] | None:
    # A bare word like `z.B` is no link; an address that was written out is.
    if new and not attributes["_text"].startswith(("https://", "http://")):
        return None
    attributes[(None, "rel")] = "noopener noreferrer nofollow"
    return attributes


# The stubs do not know that a callback may drop a link by returning None.
_CALLBACK = cast(Any, _harmless)
