"""Polling over HTTP, for networks that block sockets: the same frames, the same contract."""

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from accounts import throttle
from accounts.throttle import Rate
from chat import protocol, saying
from chat.exchange import Gone, Speaker
from chat.protocol import Broken, Close, Frame, Hello

MOST_FRAMES = 20  # in one request
LARGEST = 2 * protocol.LARGEST_FRAME  # bytes of one request
POLLS = Rate("chat-poll", 900, 15 * 60)  # one a second; each session for itself

STATUS = {
    Close.SIGNED_OUT: 401,
    Close.NOT_THERE: 404,
    Close.TOO_LARGE: 413,
    Close.WRONG_VERSION: 426,
    Close.FLOOD: 429,
}


def hello_of(request: HttpRequest) -> tuple[Hello, list[Frame]]:
    """Return what a request says: its hello and its frames. Raises Broken."""
    who = throttle.name_of("chat", str(request.session.session_key))
    if not POLLS.take(who):
        raise Broken("flood", Close.FLOOD)
    if len(request.body) > LARGEST:
        raise Broken("too_large", Close.TOO_LARGE)
    try:
        found: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Broken("no_json") from None
    if not isinstance(found, dict):
        raise Broken("no_object")
    hello = protocol.parse_object({**found, "type": "hello"})
    frames = found.get("frames", [])
    if not isinstance(frames, list) or len(frames) > MOST_FRAMES:
        raise Broken("no_frames")
    assert isinstance(hello, Hello)
    return hello, [protocol.parse_object(one) for one in frames]


def answer(speaker: Speaker, hello: Hello, frames: list[Frame]) -> JsonResponse:
    """Return what somebody gets for their frames, and everything that is new."""
    try:
        found = saying.poll(speaker, hello, frames, at=timezone.now())
    except Gone as gone:
        return refusal("gone", gone.close)
    except Broken as broken:
        return refusal(broken.error, broken.close)
    return JsonResponse({"v": protocol.VERSION, "frames": found})


def refusal(error: str, close: Close) -> JsonResponse:
    """Return a named error, with the code with which a socket would be closed."""
    return JsonResponse(
        {"v": protocol.VERSION, "frames": [{"type": "error", "error": error, "close": int(close)}]},
        status=STATUS.get(close, 400),
    )
