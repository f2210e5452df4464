"""Servers of the attack suite: Lotse as it runs for real people, over HTTPS behind a proxy."""

from collections.abc import Iterator

import pytest

from tests.conftest import SESSION
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.proxy import NAME

# A form must have been open so long, in seconds: longer than a slow machine takes to send one at once.
MINIMUM_AGE = 5
PATIENCE = MINIMUM_AGE + 0.1
# What tests/test.env makes easier for all other tests is as it should be here.
FOR_REAL = {
    "LOTSE_INSECURE_HTTP": "0",
    "LOTSE_BEHIND_PROXY": "1",
    "LOTSE_ALLOWED_HOSTS": NAME,
    "LOTSE_FORM_MINIMUM_AGE": str(MINIMUM_AGE),
    "LOTSE_LIMITS_FACTOR": "1",
    "LOTSE_LOG_LEVEL": "DEBUG",
}


@pytest.fixture(scope="session")
def guarded_lotse() -> Iterator[Lotse]:
    """A demo server as behind a proxy with TLS, everything embedded, as talkative as it can be."""
    with running_lotse(SESSION.folder / "guarded-lotse", **FOR_REAL) as lotse:
        yield lotse
