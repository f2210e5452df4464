"""The ground under every test: environment, servers, hypothesis profiles."""

import importlib
import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests.scheduling import ByServer
from tests.servers import prepared
from tests.servers import session as test_session
from tests.servers.lotse import Lotse, manage, running_lotse
from tests.servers.postgresql import create_database
from tests.servers.programs import MissingProgram

LONG = os.environ.get("LOTSE_TEST_LONG") == "1"

# At import, not in a hook: conftest files further down import models, which need the settings.
try:
    SESSION = test_session.begin()
except MissingProgram as missing:
    raise pytest.UsageError(str(missing)) from None

import django  # noqa: E402 - the settings read the environment made above
from django.conf import settings  # noqa: E402
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite  # noqa: E402

# Tests render pages without collecting static files first; the journeys collect them.
settings.STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
# Tests enrol hundreds of people; the real hasher takes a tenth of a second for each of them on purpose.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# What runs beside requests would look for rows of a transaction that it cannot see; tests that are
# about it switch it on.
settings.KEY_DUTIES = False
django.setup()
if (
    os.environ["LOTSE_REDIS_URL"] != settings.REDIS_URL
    or str(settings.DATA_DIR) != os.environ["LOTSE_DATA_DIR"]
):
    raise pytest.UsageError("the settings were read before the session's servers were there")

from django.core.cache import cache  # noqa: E402 - needs the settings

from accounts import proof, queries  # noqa: E402 - needs the settings
from counselling import keeping, promises, roster, triaging  # noqa: E402 - needs the settings
from vault import alerts, team_keys  # noqa: E402 - needs the settings

# A proof costs a real browser a quarter of a second; here hundreds are solved. The journeys' servers
# keep the real cost.
proof.COUNTERS = range(5, 15)
# On a slow machine a count of three rows may take long; tests want it of now (test_keeping.py has its own).
keeping.LONG = float("inf")

hypothesis.settings.register_profile("short", max_examples=50, deadline=None, print_blob=True)
hypothesis.settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("long" if LONG else "short")


def pytest_unconfigure() -> None:
    """Stop the servers; workers of pytest-xdist end without running exit handlers."""
    SESSION.stop()
    prepared.forget()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each worker read its settings only when it has servers of its own.

    With the name of the settings in its environment pytest-django would read them before this file,
    and all workers would share the Redis of the process that started them.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


FIGURES: list[str] = []  # what tests have counted, printed at the end of the run


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """Figures for the end of the run: `figures.append("12 URLs × 6 roles = 72 requests")`."""
    return FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the figures of a worker of pytest-xdist."""
    FIGURES.extend(getattr(node, "workeroutput", {}).get("figures", []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the figures of this worker on."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = FIGURES


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures."""
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.line(line)


# Each takes a minute or more: last in line, one worker would be alone with it at the end.
LONGEST = (
    "tests/journeys/test_every_page.py",
    "tests/faults/",
    "tests/chat/test_lives.py",
    "tests/security/test_matrix.py",
    "tests/security/test_uploads.py",
    "tests/security/test_staff_names.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServer | None:
    """Keep together what shares a server (`--dist loadscope`)."""
    return ByServer(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest begin, and skip the long forms unless they are wanted."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    if LONG:
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="a long form: make test-long"))


@pytest.fixture(scope="session", autouse=True)
def _triage_is_warm() -> None:
    """Load the real engine once, as servers do at their start; loading takes longer than a rating may."""
    triaging.warm_up()


@pytest.fixture(scope="session")
def on_postgresql() -> bool:
    """Tell whether the tests run on PostgreSQL."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(on_postgresql: bool, request: pytest.FixtureRequest) -> None:
    """Give every worker a test database of its own, a copy of one that is migrated once.

    SQLite: a file, because a database in memory knows neither WAL nor waiting for a lock.
    """
    test = settings.DATABASES["default"]["TEST"]
    if on_postgresql:
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")
        test["TEMPLATE"] = prepared.tables(os.environ["LOTSE_DATABASE_URL"], manage)
    else:
        file = SESSION.folder / "data" / "test.sqlite3"
        prepared.copy_tables(file, manage)
        test["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_keepdb(on_postgresql: bool) -> bool:
    """Take the test database as it is on SQLite, where Django knows no templates."""
    return not on_postgresql


@pytest.fixture(scope="session", autouse=True)
def _append_only_can_be_emptied_between_tests() -> Iterator[None]:
    """Take the triggers of the trail and of breaches away while SQLite is emptied after a transactional test.

    SQLite knows no TRUNCATE, and its triggers refuse the DELETE, as they should everywhere else.
    """
    trail = importlib.import_module("audit.migrations.0002_append_only").SQLITE
    breaches = importlib.import_module("counselling.migrations.0061_keep_promises").SQLITE
    original = SQLite.ops_class.sql_flush

    def sql_flush(self: Any, *args: Any, **kwargs: Any) -> list[str]:
        drop = [
            f"DROP TRIGGER {table}_refuses_{event}"
            for table in ("audit_trail", "counselling_breach")
            for event in ("update", "delete")
        ]
        return [*drop, *original(self, *args, **kwargs), *trail, *breaches]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLite.ops_class, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Begin each test without what another one's pages remembered or counted."""
    queries.forget_organisations()
    promises.forget()
    roster.forget()
    cache.clear()
    team_keys.forget()
    alerts.drain()


@pytest.fixture(scope="session")
def live_lotse() -> Iterator[Lotse]:
    """A demo server with everything embedded (SQLite), shared by the tests of a session."""
    with running_lotse(SESSION.folder / "live-lotse") as lotse:
        yield lotse


@pytest.fixture(scope="session")
def live_fleet(on_postgresql: bool) -> Iterator[Lotse]:
    """A demo server on PostgreSQL and Redis, shared by the tests of a session."""
    if not on_postgresql:
        pytest.skip("runs on PostgreSQL only")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database_url = create_database(os.environ["LOTSE_DATABASE_URL"], f"lotse_fleet_{worker}")
    redis_url = SESSION.start_redis("fleet-redis")
    data = SESSION.folder / "live-fleet"
    with running_lotse(data, database_url=database_url, redis_url=redis_url) as lotse:
        yield lotse
