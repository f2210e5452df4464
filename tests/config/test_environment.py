"""A start names every mistake of the environment at once, with its remedy, and shows no secret."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from tests.faults.test_killed_worker import database_url
from tests.servers.lotse import ROOT

SECRET = "geheim-" * 8
PEPPER = "pfeffer" * 8
FLEET = {
    "LOTSE_PROFILE": "fleet",
    "LOTSE_SECRET_KEY": SECRET,
    "LOTSE_CODE_PEPPER": PEPPER,
    "LOTSE_DATABASE_URL": "postgres://lotse:passwort@db/lotse",
    "LOTSE_REDIS_URL": "redis://redis:6379/0",
    "LOTSE_ALLOWED_HOSTS": "beratung.example.org",
    "LOTSE_PUBLIC_URL": "https://beratung.example.org",
    "LOTSE_BEHIND_PROXY": "1",
    "LOTSE_EMAIL_HOST": "mail.example.org",
    "LOTSE_EMAIL_FROM": "Lotse <lotse@beratung.example.org>",
}


def manage(tmp_path: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with these variables of Lotse and no others."""
    environment = {name: text for name, text in os.environ.items() if "LOTSE_" not in name}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment | {"LOTSE_DATA_DIR": str(tmp_path)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def mistakes_of(stderr: str) -> set[str]:
    return set(re.findall(r"^  - (LOTSE_\w+) ", stderr, re.MULTILINE))


def test_a_start_without_anything_names_the_secrets_and_how_to_make_them(tmp_path: Path) -> None:
    refused = manage(tmp_path, "check")
    assert refused.returncode == 1
    assert mistakes_of(refused.stderr) == {"LOTSE_SECRET_KEY", "LOTSE_CODE_PEPPER"}
    assert "secrets.token_urlsafe" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_all_mistakes_are_named_at_once_and_none_shows_what_was_written(tmp_path: Path) -> None:
    wrong = FLEET | {
        "LOTSE_CODE_PEPPER": SECRET,
        "LOTSE_DATABASE_URL": "postgres://lotse:passwort@db:port/lotse",
        "LOTSE_REDIS_URL": "passwort@redis",
        "LOTSE_ALLOWED_HOSTS": "*",
        "LOTSE_PUBLIC_URL": "http://beratung.example.org",
        "LOTSE_BEHIND_PROXY": "vielleicht",
        "LOTSE_PORT": "passwort",
        "LOTSE_DATABASE_POOL": "0",
        "LOTSE_TIME_ZONE": "Nordsee/Hafen",
        "LOTSE_METRICS_TOKEN": "passwort",
        "LOTSE_TRUSTED_ORIGINS": "beratung.example.org",
        "LOTSE_EMAIL_USER": "passwort",
        "LOTSE_LOG_LEVEL": "LAUT",
        "LOTSE_ATTACHMENTS_OPTIONS": '["passwort"]',
        "LOTSE_DEBUG": "1",
    }
    refused = manage(tmp_path, "serve", **wrong)
    assert refused.returncode == 1
    right = {"LOTSE_PROFILE", "LOTSE_SECRET_KEY", "LOTSE_EMAIL_HOST", "LOTSE_EMAIL_FROM"}
    assert mistakes_of(refused.stderr) == set(wrong) - right
    assert "passwort" not in refused.stderr
    assert "geheim" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_first_command_makes_the_data_folder_for_the_service_alone(tmp_path: Path) -> None:
    """Whoever follows the README has no such folder; every command of theirs would end in a traceback."""
    folder = tmp_path / "var" / "lotse"
    secrets = {"LOTSE_SECRET_KEY": SECRET, "LOTSE_CODE_PEPPER": PEPPER}
    done = manage(tmp_path, "check", **secrets, LOTSE_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOTSE_DATA_DIR", "/proc/passwort"),
        ("LOTSE_DATA_DIR", "/etc/hostname"),
        ("LOTSE_DATABASE_URL", "sqlite:////nirgends/passwort"),
        ("LOTSE_DATABASE_URL", "sqlite://"),
        ("LOTSE_DATABASE_URL", "postgres://lotse:passwort@db"),
        ("LOTSE_REDIS_URL", "redis://:pass:passwort/1@redis"),
        ("LOTSE_REDIS_URL", "redis://redis:passwort"),
        ("LOTSE_CLAMD_URL", "tcp://clamd:passwort"),
        ("LOTSE_CLAMD_URL", "unix://"),
        ("LOTSE_ALLOWED_HOSTS", "https://passwort.example.org"),
        ("LOTSE_ALLOWED_HOSTS", "passwort.example.org:443"),
        ("LOTSE_ALLOWED_HOSTS", ","),
        ("LOTSE_PUBLIC_URL", "https:///passwort"),
        ("LOTSE_ATTACHMENTS_STORAGE", "passwort.Storage"),
        ("LOTSE_ATTACHMENTS_STORAGE", "passwort"),
        ("LOTSE_TRIAGE_SHADOW", "/nirgends/passwort"),
        ("LOTSE_DELETION_LIST", "/tmp"),
        ("LOTSE_EMAIL_FROM", "passwort"),
        ("LOTSE_EMAIL_FROM", "Lotse <lotse@example.org>\nBcc: passwort@example.org"),
    ],
)
def test_what_could_only_fail_later_is_refused_at_the_start(name: str, value: str) -> None:
    told = {"LOTSE_SECRET_KEY": SECRET, "LOTSE_CODE_PEPPER": PEPPER, name: value}
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(told)
    assert mistakes_of(str(refused.value)) == {name}
    assert "passwort" not in str(refused.value)


@pytest.mark.parametrize(
    "hosts", ["localhost,127.0.0.1,[::1]", ".example.org", "*", "xn--bcher-kva.example."]
)
def test_hosts_that_are_right(hosts: str) -> None:
    settings_of(FLEET | {"LOTSE_PROFILE": "embedded", "LOTSE_ALLOWED_HOSTS": hosts})


def test_every_file_that_a_mistake_sends_to_is_there() -> None:
    sources = [ROOT / "config" / name for name in ("profiles.py", "environment.py")]
    named = {
        found
        for source in sources
        for found in re.findall(r"(?:deploy|docs)/[\w.-]+\.\w+", source.read_text())
    }
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "missing",
    [
        name
        for name in FLEET
        if name not in {"LOTSE_PROFILE", "LOTSE_EMAIL_HOST", "LOTSE_EMAIL_FROM"}
    ],
)
def test_a_fleet_is_refused_without(missing: str) -> None:
    """In this process: only what the settings do with these variables."""
    environment = {name: text for name, text in FLEET.items() if name != missing}
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(environment)
    assert mistakes_of(str(refused.value)) == {missing}


def settings_of(environment: dict[str, str]) -> None:
    """Read the settings anew under these variables; the module that Django uses stays as it is."""
    code = (ROOT / "config" / "settings.py").read_text()
    code = code.replace("Environment()", "Environment(__values__)")
    exec(
        compile(code, "settings", "exec"),
        {"__file__": str(ROOT / "config" / "settings.py"), "__values__": environment},
    )


def test_a_complete_fleet_starts() -> None:
    settings_of(FLEET)


def test_the_table_lists_what_is_read_and_nothing_else() -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    cells = re.findall(r"^\| (`LOTSE_[^|]*) \|", text, re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(LOTSE_\w+)`", cell)]
    assert sorted(listed) == sorted(settings.ENVIRONMENT.read)


def test_no_file_reads_the_environment_beside_the_settings() -> None:
    others = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for app in ("accounts", "audit", "chat", "config", "counselling", "outbox", "referrals")
        for path in (ROOT / app).rglob("*.py")
        for found in re.finditer(r"environ(?:\.get\(|\[)\"LOTSE_\w+\"", path.read_text())
    ]
    # What vault_check warns of, because nothing reads it any more.
    assert others == ['counselling/key_findings.py: environ.get("LOTSE_VAULT_KEY"']


def test_what_is_set_and_never_read_is_named() -> None:
    env = Environment({"LOTSE_REDIS_ULR": "redis://", "LOTSE_TEST_LONG": "1", "PATH": "/bin"})
    env.text("LOTSE_REDIS_URL")
    assert env.unread() == ["LOTSE_REDIS_ULR"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("1", True), ("On", True), ("0", False), ("no", False), ("", True), (" ", True)],
)
def test_a_switch(text: str, said: bool) -> None:
    assert Environment({"LOTSE_X": text}).flag("LOTSE_X", True) is said


def test_a_secret_made_as_the_start_says_satisfies_the_deploy_check_too(tmp_path: Path) -> None:
    refused = manage(tmp_path, "check")
    makes = re.search(r"`python3 (-c '[^']+')`", refused.stderr)
    assert makes is not None
    told = {
        name: subprocess.check_output(
            [sys.executable, *shlex.split(makes.group(1))], text=True
        ).strip()
        for name in ("LOTSE_SECRET_KEY", "LOTSE_CODE_PEPPER")
    }
    found = manage(tmp_path, "check", "--deploy", **told).stderr
    assert "security." not in found
    # What the rest of README says is named: else pages lead back to themselves, and links to nowhere.
    assert "environment.no_proxy" in found
    assert "environment.public_url" in found
    told |= {"LOTSE_BEHIND_PROXY": "1", "LOTSE_PUBLIC_URL": "https://beratung.example.org"}
    assert "environment.public_url" in manage(tmp_path, "check", "--deploy", **told).stderr
    told["LOTSE_ALLOWED_HOSTS"] = "beratung.example.org"
    assert "environment." not in manage(tmp_path, "check", "--deploy", **told).stderr


def test_the_deploy_check_says_what_does_not_answer_and_what_is_missing(tmp_path: Path) -> None:
    told = FLEET | {"LOTSE_PROFILE": "embedded"}
    del told["LOTSE_DATABASE_URL"], told["LOTSE_REDIS_URL"]
    found = manage(tmp_path, "check", "--deploy", **told).stderr
    assert re.search(r"database.migrations\) \d\d+ migrations", found)
    told["LOTSE_REDIS_URL"] = "unix:///nirgends/redis.sock"
    told["LOTSE_DATABASE_URL"] = "postgres://lotse:passwort@127.0.0.1:1/lotse"
    refused = manage(tmp_path, "check", "--deploy", **told)
    assert refused.returncode == 1
    assert re.search(r"database.away\) .*[Cc]onnection refused", refused.stderr)
    assert "database.redis" in refused.stderr
    assert "passwort" not in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.django_db(transaction=True)
def test_check_deploy_is_clean_for_a_fleet(tmp_path: Path, on_postgresql: bool) -> None:
    if not on_postgresql:
        pytest.skip("a fleet runs on PostgreSQL only")
    told = FLEET | {
        "LOTSE_DATABASE_URL": database_url(),
        "LOTSE_REDIS_URL": os.environ["LOTSE_REDIS_URL"],
    }
    command = ("check", "--deploy", "--fail-level", "WARNING")
    clean = manage(tmp_path, *command, **told)
    assert clean.returncode == 0, clean.stderr
    assert "no issues" in clean.stdout + clean.stderr
    told |= {"LOTSE_REDIS_ULR": "x", "LOTSE_DATABASE_POOL": "200"}
    told["LOTSE_ATTACHMENTS_OPTIONS"] = '{"wohin": "passwort"}'
    del told["LOTSE_EMAIL_FROM"]
    told["LOTSE_DELETION_LIST"] = "/proc/nirgends/passwort"
    unclean = manage(tmp_path, *command, **told)
    assert unclean.returncode == 1
    assert "Did you mean LOTSE_REDIS_URL?" in unclean.stderr
    assert "may open 1200 connections" in unclean.stderr
    assert "Attachments have no storage (TypeError)" in unclean.stderr
    assert "Mails come from lotse@localhost" in unclean.stderr
    assert "The deletion list cannot be written" in unclean.stderr
