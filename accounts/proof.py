"""Proof of work: a form that nobody has to sign in for costs its sender a second of computing.

The protocol is ALTCHA's second version, with nobody else's server: the challenge stands in the form,
`static/js/proof.js` solves it while the parent writes, the answer comes back with the form. Deriving
one key is cheap for us; finding the right counter takes some hundred derivations. A proof counts once.

Who brings none is not refused here: `accounts/gate.py` gives them a slower lane.
"""

import json
import secrets
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

import altcha
from django.conf import settings

from accounts import throttle

ALGORITHM = "PBKDF2/SHA-256"  # the one slow derivation that every browser's WebCrypto has
COST = 2000  # iterations of one derivation: under a millisecond here
# Which counter is the right one: on average some 450,000 iterations, a quarter of a second on a
# desktop, a few seconds on an old phone; never more than twice that.
COUNTERS = range(50, 400)
LIFETIME = timedelta(hours=3)  # who writes for longer sends without one
LONGEST = 4096  # characters of a proof; real ones have about 700


class ProofRefused(ValueError):
    """There is no valid proof with the form."""


class ProofMissing(ProofRefused):
    """Nothing came: no JavaScript, or the form was sent before the work was done."""


class ProofWrong(ProofRefused):
    """Not a challenge of ours for this form, or not its solution."""


class ProofExpired(ProofRefused):
    """The form was open for longer than the challenge holds."""


class ProofUsed(ProofRefused):
    """The same solution has come before."""


def challenge(*, purpose: str, at: datetime) -> str:
    """Return a fresh challenge as JSON, for the form with this purpose."""
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=secrets.choice(COUNTERS),
        expires_at=at + LIFETIME,
        data={"purpose": purpose},
        hmac_secret=_key(b"lotse-proof"),
        hmac_key_secret=_key(b"lotse-proof-end"),
    )
    return json.dumps(made.to_dict(), separators=(",", ":"))


def redeem(solved: str, *, purpose: str, at: datetime, again_for: UUID | None = None) -> None:
    """Take a solved challenge as it came with a form: base64 of JSON.

    again_for: the one thing for which the same proof may come twice, because the same form sent twice
    makes it only once (ADR 0002). Raises ProofMissing, ProofWrong, ProofExpired or ProofUsed.
    """
    if not solved:
        raise ProofMissing
    try:
        if len(solved) > LONGEST:
            raise ValueError
        payload = altcha.Payload.from_base64(solved)
        result = altcha.verify_solution(
            payload,
            hmac_secret=_key(b"lotse-proof"),
            hmac_key_secret=_key(b"lotse-proof-end"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ProofWrong from None
    given = payload.challenge.parameters
    if result.expired:
        raise ProofExpired
    if not result.verified or given.data != {"purpose": purpose}:
        raise ProofWrong
    if given.expires_at is None or given.expires_at < at.timestamp():
        raise ProofExpired
    mark = blake2b(str(payload.challenge.signature).encode(), digest_size=16).hexdigest()
    lifetime = round(LIFETIME.total_seconds())
    if not throttle.first(f"proof:{mark}", str(again_for or secrets.token_hex(8)), lifetime):
        raise ProofUsed


def _key(person: bytes) -> bytes:
    return blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=person).digest()
