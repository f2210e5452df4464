"""People, organisations and cases of tests, made the way the pages make them: by the operations.

All names are fictitious. Nothing is stubbed: texts are really sealed, codes really open their case.
"""

from tests.factories import directory, handoff
from tests.factories.cases import (
    Asked,
    advise,
    ask,
    claim,
    client_writes,
    close,
    consult,
    missed_alarm,
    note,
    reply,
    review,
)
from tests.factories.files import picture
from tests.factories.people import PASSWORD, TOTP_KEY, enrol, holder_of, organisation, staffed

__all__ = [
    "PASSWORD",
    "TOTP_KEY",
    "Asked",
    "advise",
    "ask",
    "claim",
    "client_writes",
    "close",
    "consult",
    "directory",
    "enrol",
    "handoff",
    "holder_of",
    "missed_alarm",
    "note",
    "organisation",
    "picture",
    "reply",
    "review",
    "staffed",
]
