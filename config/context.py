"""What every template may use."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language


def language_switch(request: HttpRequest) -> dict[str, Any]:
    """Return the same page's address in the other language, on pages that only show something."""
    if request.method != "GET":
        return {}
    english = get_language() == "en"
    path = request.path
    other = path.removeprefix("/en") if english else f"/en{path}"
    return {
        "language_switch_url": other or "/",
        "language_switch_label": "Deutsch" if english else "English",
        "language_switch_code": "de" if english else "en",
    }
