"""What lies in deploy/ fits together and fits Lotse, as far as it can be seen without starting it."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import load_command_class
from jsonschema import Draft202012Validator

from tests.servers.lotse import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
LOTSE = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "lotse"}
UNITS = sorted((DEPLOY / "systemd").glob("lotse*.service"))
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
ONLY_CADDY = {"LOTSE_NAME", "LOTSE_PAGES_AT", "LOTSE_SOCKETS_AT"}

TEXTS = {"type": "array", "items": {"type": "string"}}
SWITCHES = {"type": "object", "additionalProperties": {"type": "object"}}
# The part of the Compose specification that we use: github.com/compose-spec, schema/compose-spec.json.
SHAPE = {
    "type": "object",
    "required": ["services"],
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "networks": SWITCHES,
        "volumes": SWITCHES,
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["image", "networks", "logging"],
                "additionalProperties": False,
                "properties": {
                    "image": {"type": "string", "pattern": "^[a-z]+(:[0-9a-z.]+)?$"},
                    "build": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "context": {"type": "string"},
                            "dockerfile": {"type": "string"},
                        },
                    },
                    "env_file": {"type": "string"},
                    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                    "restart": {"enum": ["no", "unless-stopped"]},
                    "user": {"type": "string", "pattern": "^[a-z]+$"},
                    "read_only": {"type": "boolean"},
                    "cap_drop": TEXTS,
                    "security_opt": TEXTS,
                    "shm_size": {"type": "string", "pattern": "^[0-9]+[mg]b$"},
                    "tmpfs": TEXTS,
                    "stop_grace_period": {"type": "string", "pattern": "^[0-9]+s$"},
                    "volumes": TEXTS,
                    "networks": TEXTS,
                    "ports": TEXTS,
                    "entrypoint": TEXTS,
                    "command": TEXTS,
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["condition"],
                            "properties": {
                                "condition": {
                                    "enum": ["service_healthy", "service_completed_successfully"]
                                }
                            },
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "required": ["test"],
                        "additionalProperties": False,
                        "properties": {
                            "test": TEXTS,
                            "interval": {"type": "string"},
                            "timeout": {"type": "string"},
                            "retries": {"type": "integer"},
                            "start_period": {"type": "string"},
                        },
                    },
                    "logging": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "options": {"additionalProperties": {"type": "string"}},
                        },
                    },
                },
            },
        },
    },
}


def test_compose_has_the_shape_of_the_specification() -> None:
    errors = Draft202012Validator(SHAPE).iter_errors(COMPOSE)
    assert [f"{list(one.absolute_path)}: {one.message}" for one in errors] == []


def test_what_compose_names_is_there() -> None:
    services = COMPOSE["services"]
    for name, one in services.items():
        assert set(one.get("depends_on", {})) <= services.keys(), name
        for other, how in one.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in services[other], f"{name} waits for {other}"
        assert set(one["networks"]) <= COMPOSE["networks"].keys()
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            inside = source in COMPOSE["volumes"]
            assert inside or (DEPLOY / source).exists(), f"{name}: {source}"


def test_only_the_proxy_can_be_reached_and_the_databases_reach_nobody() -> None:
    services = COMPOSE["services"]
    assert [name for name, one in services.items() if "ports" in one] == ["proxy"]
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_who_may_not_change_the_user_begins_as_the_right_one() -> None:
    """The images of Redis and PostgreSQL begin as root and change to a user of their own, or end."""
    for name, one in COMPOSE["services"].items():
        if one.get("cap_drop") == ["ALL"]:
            assert one["image"] == "lotse" or one.get("user") == one["image"].split(":")[0], name


def test_lotses_containers_may_nothing_that_they_need_not() -> None:
    assert set(LOTSE) == {"prepare", "web", "sockets", "worker"}
    for one in LOTSE.values():
        assert one["read_only"]
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]


def test_no_file_of_deploy_holds_a_secret_or_names_a_variable_that_nothing_reads() -> None:
    known = settings.ENVIRONMENT.read | ONLY_CADDY
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert set(re.findall(r"LOTSE_[A-Z_0-9]+", path.read_text())) <= known, path.name
    sample = (DEPLOY / "lotse.env.sample").read_text()
    assert re.findall(r"^(LOTSE_SECRET_KEY|LOTSE_CODE_PEPPER)=(.+)$", sample, re.MULTILINE) == []


@pytest.mark.parametrize("arguments", [one["command"] for one in LOTSE.values()][1:], ids=str)
def test_compose_calls_commands_that_there_are(arguments: list[str]) -> None:
    command = load_command_class("config", arguments[0])
    command.create_parser("manage.py", arguments[0]).parse_args(arguments[1:])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_call_commands_that_there_are(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=\S+ manage\.py (.+)$", unit.read_text(), re.MULTILINE)
    name, *arguments = line.split()
    load_command_class("config", name).create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_hardened(unit: Path) -> None:
    text = unit.read_text()
    for line in (
        "User=lotse",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "LimitCORE=0",
        "UMask=0077",
    ):
        assert line in text.splitlines(), line


@needs_systemd
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/opt/lotse/.venv/bin/python", str(python))
        (tmp_path / unit.name).write_text(text.replace("/opt/lotse", str(tmp_path)))
    assert said_of(tmp_path, *sorted(tmp_path.glob("lotse*"))) == (0, [])


@needs_systemd
@pytest.mark.parametrize(("word", "is_wrong"), [("always", False), ("allways", True)])
def test_systemd_understands_what_is_added_to_postgresql(
    tmp_path: Path, word: str, is_wrong: bool
) -> None:
    unit = tmp_path / "postgresql@15-main.service"
    unit.write_text("[Service]\nType=forking\nExecStart=-/bin/true\n")
    added = tmp_path / "postgresql@.service.d" / "again.conf"
    added.parent.mkdir()
    text = (DEPLOY / "systemd" / "postgresql-again.conf").read_text()
    added.write_text(text.replace("Restart=always", f"Restart={word}"))
    assert bool(said_of(tmp_path, unit)[1]) == is_wrong


def said_of(folder: Path, *units: Path) -> tuple[int, list[str]]:
    """Return what systemd-analyze exits with and what it says of the files of a folder."""
    command = ["systemd-analyze", "verify", *map(str, units)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, [line for line in result.stderr.splitlines() if str(folder) in line]


def test_the_image_is_made_of_what_is_there_and_checks_every_hash() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}
    assert "--require-hashes" in text
    assert re.search(r"^USER lotse$", text, re.MULTILINE)
    assert not re.search(r"https?://|[a-z]+\.(io|org|com)/", text)
