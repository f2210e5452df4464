"""What a start must have been told, beyond each variable by itself: the profiles, and what excludes what."""

import importlib.util
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from config.environment import Environment

EMBEDDED, FLEET = "embedded", "fleet"
PROFILES = (EMBEDDED, FLEET)
SHORTEST_TOKEN = 24  # characters
# What Django compares the name in a request with: a name, one with all below it, an address, or all.
HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Told:
    """What was read, as far as it must fit together."""

    profile: str
    secret_key: str
    code_pepper: str
    allowed_hosts: list[str]
    trusted_origins: list[str]
    public_url: str
    email_from: str
    time_zone: str
    metrics_token: str
    database: dict[str, Any]
    deletion_list: Path
    attachments: str
    triage_shadow: str
    threads: int
    pool: int
    demo: bool
    debug: bool
    insecure_http: bool
    behind_proxy: bool

    @property
    def has_postgresql(self) -> bool:
        """Say whether the database is a server."""
        return str(self.database["ENGINE"]).endswith("postgresql")


def look_through(env: Environment, told: Told) -> None:
    """Keep what does not fit together as mistakes of the environment."""
    if told.secret_key and told.secret_key == told.code_pepper:
        env.wrong(
            "LOTSE_CODE_PEPPER",
            "is the same as LOTSE_SECRET_KEY",
            "Make another one: who finds out the one must not have the other.",
        )
    if told.time_zone not in available_timezones():
        env.wrong(
            "LOTSE_TIME_ZONE",
            "is no time zone",
            "Set it to a name like Europe/Berlin or Europe/Wien.",
        )
    if told.metrics_token and len(told.metrics_token) < SHORTEST_TOKEN:
        env.wrong(
            "LOTSE_METRICS_TOKEN",
            f"is shorter than {SHORTEST_TOKEN} characters",
            "Make it long and random, or take it away: then there is no such page.",
        )
    _look_at_names(env, told)
    _look_at_places(env, told)
    if told.profile == FLEET:
        _look_through_fleet(env, told)


def _look_at_names(env: Environment, told: Told) -> None:
    """Look at the names under which Lotse is reached, and at those of its mails."""
    for origin in told.trusted_origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
            env.wrong(
                "LOTSE_TRUSTED_ORIGINS",
                "has an entry that is no origin",
                "Write each like https://beratung.example.org, without a path.",
            )
    if not all(HOST.fullmatch(host) for host in told.allowed_hosts or [""]):
        env.wrong(
            "LOTSE_ALLOWED_HOSTS",
            "has an entry that is no name of a host",
            "Write each like beratung.example.org, without https://, port or path; with umlauts as xn--….",
        )
    if not urlsplit(told.public_url).hostname:
        env.wrong(
            "LOTSE_PUBLIC_URL",
            "names no host",
            "Write it like https://beratung.example.org.",
        )
    if not ADDRESS.fullmatch(parseaddr(told.email_from)[1]) or not told.email_from.isprintable():
        env.wrong(
            "LOTSE_EMAIL_FROM",
            "is no address of a mailbox",
            "Write it like Lotse <lotse@beratung.example.org>.",
        )
    if env.is_set("LOTSE_EMAIL_USER") and not env.is_set("LOTSE_EMAIL_PASSWORD"):
        env.wrong("LOTSE_EMAIL_USER", "has no password beside it", "Set LOTSE_EMAIL_PASSWORD too.")


def _look_at_places(env: Environment, told: Told) -> None:
    """Look at what the variables name beside the data folder: a file, a module, a folder, a database."""
    name = str(told.database["NAME"])
    is_own = env.is_set("LOTSE_DATABASE_URL") and not told.has_postgresql  # else in the data folder
    if is_own and not os.access(Path(name).parent, os.W_OK | os.X_OK):
        env.wrong(
            "LOTSE_DATABASE_URL",
            "names a file in a folder that Lotse cannot write to",
            "Make the folder, and give it to the user who runs Lotse.",
        )
    if not name:
        env.wrong(
            "LOTSE_DATABASE_URL",
            "names no database",
            "Write it like postgres://user:password@host:5432/database.",
        )
    if told.deletion_list.is_dir():
        env.wrong("LOTSE_DELETION_LIST", "names a folder", "Set it to the name of a file.")
    if not _is_there(told.attachments):
        env.wrong(
            "LOTSE_ATTACHMENTS_STORAGE",
            "names no class that can be found",
            "Set it to a Django storage that is installed here, like storages.backends.s3.S3Storage.",
        )
    if told.triage_shadow and not Path(told.triage_shadow).is_dir():
        env.wrong(
            "LOTSE_TRIAGE_SHADOW",
            "names no folder that is there",
            "Set it to one that `manage.py train_triage --out` wrote, or take it away.",
        )


def _is_there(name: str) -> bool:
    """Say whether the module of a class is there. It is not loaded: the settings are not ready yet."""
    with suppress(ImportError, ValueError):
        return importlib.util.find_spec(name.rpartition(".")[0]) is not None
    return False


def _look_through_fleet(env: Environment, told: Told) -> None:
    for_fleet = "while LOTSE_PROFILE is fleet"
    if not told.has_postgresql:
        env.wrong(
            "LOTSE_DATABASE_URL",
            f"names no PostgreSQL {for_fleet}",
            "Set it to postgres://user:password@host/database: several processes need a server.",
        )
    if not env.is_set("LOTSE_REDIS_URL"):
        env.wrong(
            "LOTSE_REDIS_URL",
            f"is missing {for_fleet}",
            "Set it to redis://host:6379/0: hints and tasks must reach every process.",
        )
    if not env.is_set("LOTSE_ALLOWED_HOSTS") or "*" in told.allowed_hosts:
        env.wrong(
            "LOTSE_ALLOWED_HOSTS",
            f"names no hosts {for_fleet}",
            "Set it to the names under which people reach Lotse, separated by commas, without *.",
        )
    if not (env.is_set("LOTSE_PUBLIC_URL") and told.public_url.startswith("https://")):
        env.wrong(
            "LOTSE_PUBLIC_URL",
            f"is no https address {for_fleet}",
            "Set it to where links in mails shall lead, like https://beratung.example.org.",
        )
    if not told.behind_proxy:
        env.wrong(
            "LOTSE_BEHIND_PROXY",
            f"is off {for_fleet}",
            "Set it to 1, and put a proxy with TLS in front (deploy/nginx.conf).",
        )
    for name, is_on in (
        ("LOTSE_DEMO", told.demo),
        ("LOTSE_DEBUG", told.debug),
        ("LOTSE_INSECURE_HTTP", told.insecure_http),
    ):
        if is_on:
            env.wrong(name, f"is on {for_fleet}", "Take it away: it is for demos and tests only.")
    if told.threads > told.pool:
        env.wrong(
            "LOTSE_WEB_THREADS",
            "is more than LOTSE_DATABASE_POOL",
            "Give each thread of a process a connection, or take fewer threads.",
        )
