"""The protecting headers, one value per class of answer; tests/security/test_headers.py has them all.

Pages: strict policy from the settings (django-csp), no cache, no other site. Static files: may be kept,
may do nothing. Files to save: may do nothing at all, in case a browser shows them after all.
"""

from typing import Any

from csp.constants import NONE, SELF
from django.http import HttpResponse

# A report would carry addresses and pieces of text to whoever keeps it, so there is no address for
# reports (ADR 0007); the tests listen in a real browser instead.
PAGE_POLICY: dict[str, list[str]] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],  # data: the QR code of the second factor
    "font-src": [SELF],
    "connect-src": [SELF],
    "worker-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
NOTHING_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
FILE_POLICY = f"{NOTHING_POLICY}; sandbox"

# Every feature that browsers know and Lotse does not need. Passkeys and the copy button stay.
NOT_NEEDED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join(f"{feature}=()" for feature in NOT_NEEDED)

# For every answer, pages and static files alike. The embedder policy must also stand on the script of
# a worker, else a page that has it may not start the worker.
EVERYWHERE = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": PERMISSIONS,
}


def protect(response: HttpResponse) -> None:
    """Set what an answer made by a view lacks; a view may say otherwise."""
    for name, value in EVERYWHERE.items():
        response.headers.setdefault(name, value)
    # Static files set their own; a page may say otherwise (an organisation's colours).
    response.headers.setdefault("Cache-Control", "no-store")
    if response.headers.get("Content-Disposition", "").startswith("attachment"):
        response.headers.setdefault("Content-Security-Policy", FILE_POLICY)


def protect_static(headers: Any, path: str, url: str) -> None:
    """Set what a static file lacks (WHITENOISE_ADD_HEADERS_FUNCTION)."""
    for name, value in EVERYWHERE.items():
        headers[name] = value
    headers["Content-Security-Policy"] = NOTHING_POLICY
