"""Pages of chats: their addresses, and how tests read them."""

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.chat.house import Entered

DOOR, ROOM = "/nordhafen/chat/", "/nordhafen/gespraech/chat/"


def words(response: Any) -> str:
    """Return the source of a page, each gap in it one space."""
    return " ".join(response.content.decode().split())


def inside(entered: Entered) -> Client:
    """Return a browser that came back with the code."""
    browser = Client()
    browser.post(reverse("return", args=["nordhafen"]), {"code": entered.code.display()})
    return browser
