"""What goes to a service: exactly these fields and this text, and how it is sealed.

The text of a parcel is canonical JSON, so that the same content always has the same digest: what the
client saw and confirmed is what is opened later, or nothing is.
"""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from uuid import UUID

from vault.sealing import CaseKey, Place, open_sealed, seal

LONGEST_TEXT = 4000  # characters


class Field(StrEnum):
    """What a client may add to their text; each is sent only when they say so."""

    NAME = "name"
    TOPIC = "topic"
    AGE_BAND = "age_band"
    POSTCODE = "postcode"
    LANGUAGE = "language"


class Contact(StrEnum):
    """How the service reaches the client."""

    LOTSE = "lotse"  # through Lotse only
    EMAIL = "email"
    PHONE = "phone"
    CODE = "code"  # not at all: the client comes with a code


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent. recipient: the service's id and name. fields: by `Field`, as people read them.

    reach: the address or number. times: when calling is safe. voicemail: whether one may speak on it.
    until: last day on which the service may read it, ISO.
    """

    recipient: str
    recipient_name: str
    text: str
    contact: Contact
    fields: dict[str, str] = field(default_factory=dict)
    reach: str = ""
    times: str = ""
    voicemail: bool = False
    until: str = ""

    def written(self) -> str:
        """Return the parcel as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def read(written: str) -> Parcel:
    """Return the parcel that `written` wrote."""
    values = json.loads(written)
    return Parcel(**values | {"contact": Contact(values["contact"])})


def draft_place(case: UUID, referral: UUID) -> Place:
    """Return the place of a draft, under the case's key."""
    return Place(case, 0, "ref-draft", referral)


def codes_place(case: UUID, referral: UUID) -> Place:
    """Return the place of codes that people pass on, under the case's key."""
    return Place(case, 0, "ref-codes", referral)


def necessity_place(case: UUID, referral: UUID) -> Place:
    """Return the place of the reason for handing on without consent, under the case's key."""
    return Place(case, 0, "ref-necessity", referral)


def payload_place(referral: UUID) -> Place:
    """Return the place of what was sent, under the referral's key."""
    return Place(referral, 0, "ref-payload")


def act_place(referral: UUID, number: int) -> Place:
    """Return the place of what was written with an act, under the referral's key."""
    return Place(referral, number, "ref-act")


def appointment_place(referral: UUID, appointment: UUID) -> Place:
    """Return the place of what belongs to an appointment, under the referral's key."""
    return Place(referral, 0, "ref-appointment", appointment)


def seal_parcel(parcel: Parcel, *, key: CaseKey, place: Place) -> bytes:
    """Seal a parcel for a place."""
    return seal(parcel.written(), key=key, place=place)


def open_parcel(sealed: bytes, *, key: CaseKey, place: Place) -> Parcel:
    """Open a sealed parcel. Raises sealing.SealBroken."""
    return read(open_sealed(sealed, key=key, place=place))


@dataclass(frozen=True, slots=True)
class Codes:
    """What people pass on by voice or on paper. link: to open a link; arrival: to show at the service."""

    link: str = ""
    arrival: str = ""


def seal_codes(codes: Codes, *, key: CaseKey, place: Place) -> bytes:
    """Seal codes for a place."""
    return seal(json.dumps(asdict(codes)), key=key, place=place)


def open_codes(sealed: bytes | memoryview | None, *, key: CaseKey, place: Place) -> Codes:
    """Open sealed codes; none for nothing. Raises sealing.SealBroken."""
    if sealed is None:
        return Codes()
    return Codes(**json.loads(open_sealed(bytes(sealed), key=key, place=place)))
