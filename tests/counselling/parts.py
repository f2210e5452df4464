"""Parts of the team's pages that renew themselves: what they show, and asking for them again as htmx does."""

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.test import Client

ATTRIBUTES = r'<\w+\s+(?:[^<>]*?\s)?id="{name}"(?P<attributes>[^<>]*hx-get[^<>]*)>'


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an open page. address: where it asks; headers: what it brings."""

    name: str
    address: str
    headers: dict[str, str]


def part_of(html: str, name: str) -> Part:
    """Return a part of a page, or of an answer that brought it anew, by its id."""
    found = re.search(ATTRIBUTES.format(name=name), html)
    assert found is not None, f"no part {name}"
    return Part(
        name,
        unescape(_attribute("hx-get", found["attributes"], '"')),
        json.loads(unescape(_attribute("hx-headers", found["attributes"], "'") or "{}")),
    )


def ask_again(browser: Client, part: Part) -> Any:
    """Ask for a part as the page does that it stands on."""
    return browser.get(part.address, headers={"HX-Request": "true", **part.headers})


def drawn(browser: Client, part: Part) -> str:
    """Return what the part would show now, without what is new at each drawing."""
    answer = browser.get(part.address, headers={"HX-Request": "true"})
    return bare(answer.content.decode())


def bare(html: str) -> str:
    """Return HTML without form tokens, marks and what says how it was before."""
    for new in (
        r'csrfmiddlewaretoken" value="[^"]+',
        r"hx-headers='[^']*'",
        r"stand=[-0-9]+",
        r'<div hx-swap-oob="innerHTML:#live-region">[^<]*</div>',
    ):
        html = re.sub(new, "", html)
    return html


def _attribute(name: str, attributes: str, quote: str) -> str:
    found = re.search(rf"{name}={quote}([^{quote}]*){quote}", attributes)
    return found.group(1) if found else ""
