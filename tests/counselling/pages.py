"""What a reader finds on a page, and what a browser would send back from it."""

import re
from html import unescape
from typing import Any

from django.test import Client


def words(page: Any) -> str:
    """Return what a reader of a page sees, on one line."""
    text = re.sub(r"<[^>]+>", " ", page.content.decode())
    return re.sub(r" ([.,:])", r"\1", " ".join(unescape(text).split()))


def hidden(page: Any, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())
    assert found is not None, f"no hidden field {name}"
    return unescape(found.group(1))


def box(page: Any, name: str) -> str:
    """Return what stands in a text box, as the browser would send it."""
    source = page.content.decode()
    area = re.search(rf'<textarea name="{name}"[^>]*>\n?(.*?)</textarea>', source, re.DOTALL)
    line = re.search(rf'<input type="text" name="{name}"(?: value="([^"]*)")?', source)
    found = area or line
    assert found is not None, f"no text box {name}"
    return unescape(found.group(1) or "")


def errors(page: Any) -> str:
    """Return the sentences beside the fields."""
    found = re.findall(r'class="field__error".*?<div>(.*?)</div>', page.content.decode(), re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", " ".join(found))).split())


def come_back(client: Client, code: str, slug: str = "nordhafen") -> Any:
    """Type an access code on the page for it."""
    return client.post(f"/{slug}/zurueck/", {"code": code})
