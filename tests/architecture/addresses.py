"""Every address of the house, from Django's resolver and the socket routes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from config.routing import websocket_urlpatterns


@dataclass(frozen=True)
class Address:
    """A named address and the view behind it."""

    name: str
    route: str
    view: Callable[..., Any]


def page_addresses() -> list[Address]:
    """Return every page's address."""
    return list(_walk(get_resolver(), ""))


def socket_names() -> set[str]:
    """Return the names of the sockets."""
    return {route.name for route in websocket_urlpatterns if route.name}


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield Address(pattern.name or "", route, pattern.callback)
