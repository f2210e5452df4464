"""Database, environment, Redis, queue, logs and files are stolen: nothing opens.

The attack script (`attack.py`) can read: given one access code it reads that case, given one password it
reads what that person reads.
"""

import pytest

from config.demo.seed import PASSWORD
from tests.security.attack import Loot, Spoils, attack, everything_below, tables_of
from tests.security.test_canary import COUNSELLOR, canaries, journey
from tests.security.traces import everything_in
from tests.servers.lotse import Lotse

SAID_IN_THE_CASE = (
    "question",
    "message",
    "reply",
    "note",
    "draft",
    "rating",
    "consultation",
    "advice",
)
# Shares its servers with the journeys; needs no browser itself.
pytestmark = pytest.mark.browser


def stolen(lotse: Lotse) -> Loot:
    """Return all that lies around of a running installation, while people are signed in."""
    environment = {
        name: value
        for name, value in lotse.environment.items()
        if name.startswith(("LOTSE", "DJANGO"))
    }
    # The demo keeps its secrets in a file; elsewhere they are in the environment, as in these tests.
    files = [*everything_below(lotse.data), lotse.log.read_bytes()]
    if environment["LOTSE_REDIS_URL"]:
        files.append(everything_in(environment["LOTSE_REDIS_URL"]))
    return Loot(tables_of(environment["LOTSE_DATABASE_URL"]), environment, files)


def without_notes_to_the_public(loot: Loot) -> Loot:
    """Leave out what the demo gives away on purpose: one access code per organisation to try."""
    loot.files = [blob for blob in loot.files if b'"nordhafen"' not in blob[:40]]
    return loot


def figures(where: str, spoils: Spoils) -> str:
    return (
        f"\n  {where}: {spoils.keys} keys made of what lay around, {spoils.seals} seals, "
        f"{spoils.tried} combinations: {len(spoils.case_keys)} cases, {len(spoils.secrets)} "
        f"secrets, {len(spoils.sessions)} sessions, {len(spoils.texts)} texts opened"
    )


def nothing_opens_but_to_who_may(
    lotse: Lotse, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    word = canaries()
    code = journey(lotse, word)
    loot = without_notes_to_the_public(stolen(lotse))
    rows = sum(map(len, loot.tables.values()))

    spoils = attack(loot)

    with capsys.disabled():
        print(figures(f"{where}, {rows} rows stolen", spoils))
    assert spoils.keys > 1000
    assert spoils.seals > 100
    assert spoils.is_empty

    # The script can: with the code it reads this case, all of it, and no other.
    loot.guesses, loot.only_guesses = [code], True
    with_code = attack(loot)
    assert len(with_code.case_keys) == 1
    for name in SAID_IN_THE_CASE:
        assert any(word[name] in text for text in with_code.texts), name
    assert not any(word["large question"] in text for text in with_code.texts)

    # With a counsellor's password it reads what she reads. (In the demo everybody has the same one.)
    loot.guesses = [PASSWORD]
    only_hers(loot)
    with_password = attack(loot)
    with capsys.disabled():
        print(figures("  with one password", with_password))
    assert any(word["question"] in text for text in with_password.texts)
    assert any(word["advice"] in text for text in with_password.texts)
    assert with_password.secrets
    # Of the other organisation, nothing.
    theirs = {
        str(row["id"])
        for row in loot.tables["counselling_case"]
        if row["organisation_id"] != organisation_of(loot)
    }
    assert theirs
    assert not theirs & {str(case) for case in with_password.case_keys}
    assert not theirs & {case.hex for case in with_password.case_keys}


def user_of(loot: Loot) -> object:
    (user,) = [row for row in loot.tables["accounts_user"] if row["email"] == COUNSELLOR]
    return user["id"]


def organisation_of(loot: Loot) -> object:
    (member,) = [
        row for row in loot.tables["accounts_membership"] if row["user_id"] == user_of(loot)
    ]
    return member["organisation_id"]


def only_hers(loot: Loot) -> None:
    """Let the password be that of one counsellor: others' pairs are left out of the loot."""
    pairs = {row["id"] for row in loot.tables["vault_staffkey"] if row["user"] == user_of(loot)}
    assert len(pairs) == 1
    loot.tables["vault_staffkeywrap"] = [
        row for row in loot.tables["vault_staffkeywrap"] if row["staff_key_id"] in pairs
    ]


def test_on_sqlite(live_lotse: Lotse, capsys: pytest.CaptureFixture[str]) -> None:
    nothing_opens_but_to_who_may(live_lotse, "SQLite", capsys)


def test_on_postgresql_and_redis(live_fleet: Lotse, capsys: pytest.CaptureFixture[str]) -> None:
    nothing_opens_but_to_who_may(live_fleet, "PostgreSQL and Redis", capsys)
