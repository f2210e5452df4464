"""Frames: what is taken, and that whatever else arrives is refused by name."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import Broken, Bucket, Close, Hello, Kind, Send, parse

TOKEN = "7c1d1f0e-5f0e-4d2f-9f39-0d2f4f3b1a10"


def frame(**fields: object) -> str:
    return json.dumps(fields)


def test_a_hello_says_what_its_sender_has() -> None:
    assert parse(frame(type="hello", v=1, after=7)) == Hello(7, "de")
    assert parse(frame(type="hello", v=1, lang="en")) == Hello(0, "en")


def test_a_message_has_an_id_and_a_text() -> None:
    sent = parse(frame(type="send", id=TOKEN, text="Guten Tag", kind="note"))
    assert isinstance(sent, Send)
    assert (str(sent.id), sent.text, sent.kind) == (TOKEN, "Guten Tag", Kind.NOTE)


@pytest.mark.parametrize(
    ("text", "error", "close"),
    [
        ("", "no_json", Close.MALFORMED),
        ("{", "no_json", Close.MALFORMED),
        ("[" * 30_000, "no_json", Close.MALFORMED),
        ('{"a":' * 5_000, "no_json", Close.MALFORMED),
        ("NaN", "no_json", Close.MALFORMED),
        ("9" * 20_000, "no_json", Close.MALFORMED),
        ("[]", "no_object", Close.MALFORMED),
        ("null", "no_object", Close.MALFORMED),
        (frame(), "unknown_type", Close.MALFORMED),
        (frame(type="drop"), "unknown_type", Close.MALFORMED),
        (frame(type=["hello"]), "unknown_type", Close.MALFORMED),
        (frame(type="hello"), "wrong_version", Close.WRONG_VERSION),
        (frame(type="hello", v=2), "wrong_version", Close.WRONG_VERSION),
        (frame(type="hello", v=True), "wrong_version", Close.WRONG_VERSION),
        (frame(type="hello", v=1, after=-1), "no_seq", Close.MALFORMED),
        (frame(type="hello", v=1, after="7"), "no_seq", Close.MALFORMED),
        (frame(type="got", seq=1.5), "no_seq", Close.MALFORMED),
        (frame(type="read", seq=2**31), "no_seq", Close.MALFORMED),
        (frame(type="read", seq=True), "no_seq", Close.MALFORMED),
        (frame(type="send", id=TOKEN), "no_text", Close.MALFORMED),
        (frame(type="send", id=TOKEN, text=7), "no_text", Close.MALFORMED),
        (frame(type="send", id=7, text="a"), "no_id", Close.MALFORMED),
        (frame(type="send", id="x", text="a"), "no_id", Close.MALFORMED),
        (frame(type="send", id=TOKEN, text="a", kind="system"), "unknown_kind", Close.MALFORMED),
        (frame(type="send", id=TOKEN, text="a", kind=["note"]), "unknown_kind", Close.MALFORMED),
        (frame(type="send", id=TOKEN, text="ä" * 32_768), "too_large", Close.TOO_LARGE),
        ("€" * 11_000, "too_large", Close.TOO_LARGE),
    ],
)
def test_a_wrong_frame_is_refused_by_name(text: str, error: str, close: Close) -> None:
    with pytest.raises(Broken) as broken:
        parse(text)
    assert (broken.value.error, broken.value.close) == (error, close)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.dictionaries(
    st.sampled_from(["type", "v", "after", "id", "text", "kind", "seq", "lang"]),
    JSON | st.sampled_from(["hello", "send", "got", "read", "typing", "ping", TOKEN, 1]),
)


@given(JSON | FIELDS)
@example({"type": "send", "id": TOKEN, "text": "\ud800"})
def test_whatever_arrives_is_a_frame_or_refused(found: object) -> None:
    with suppress(Broken):
        parse(json.dumps(found))  # anything else that it raises fails here


def test_a_bucket_fills_up_again() -> None:
    bucket = Bucket(2, 1)
    assert [bucket.take(100.0) for _turn in range(3)] == [True, True, False]
    assert bucket.take(101.0)
    assert not bucket.take(101.5)
    assert protocol.sends_bucket().take(0.0)
