"""The program that takes one file from its input and writes the clean one to its output.

First line of the output: JSON with either `refused` (a Reason) or `kind` and facts; then the bytes.
"""

import json
import sys
from typing import Any

from counselling.uploads.cleaning import confinement
from counselling.uploads.kinds import LARGEST, Kind, Reason, Refused


def main() -> None:
    """Clean the file on standard input. Argument 2: its kind, as found by its first bytes."""
    confinement.limit()
    kind = Kind(sys.argv[2])
    try:
        header, body = _cleaned(kind)
    except Refused as refused:
        header, body = {"refused": refused.reason.value}, b""
    except MemoryError:
        header, body = {"refused": Reason.TOO_COMPLEX.value}, b""
    except Exception:  # noqa: BLE001 - decoders raise anything for a damaged file
        header, body = {"refused": Reason.DAMAGED.value}, b""
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n")
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _cleaned(kind: Kind) -> tuple[dict[str, Any], bytes]:
    facts: dict[str, int]
    if kind is Kind.PDF:
        from counselling.uploads.cleaning import documents  # noqa: PLC0415 - loaded when needed

        documents.prepare()
        locked = confinement.lock_in()
        body, facts = documents.clean(_input())
        return {"kind": kind.value, "locked_in": locked, **facts}, body
    from counselling.uploads.cleaning import images  # noqa: PLC0415 - loaded when needed

    images.prepare(kind)
    locked = confinement.lock_in()
    stored, body, facts = images.clean(_input(), kind)
    return {"kind": stored.value, "locked_in": locked, **facts}, body


def _input() -> bytes:
    return sys.stdin.buffer.read(LARGEST + 1)
