"""Argon2id costs what it should in production, and only so many run at once."""

import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from nacl.pwhash import argon2id
from pytest_django import Settings

from tests.servers.lotse import ROOT
from vault import stretching
from vault.stretching import Busy, Cost, new_salt, present_cost, stretch

CHEAP = Cost(8, 1)


def test_without_anything_in_the_environment_it_costs_64_mib_and_three_passes() -> None:
    environment = {name: v for name, v in os.environ.items() if "ARGON2" not in name}
    printed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from vault.stretching import present_cost as c; print(c())",
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert printed.strip() == "Cost(memory_kib=65536, passes=3)"
    assert (stretching.MEMORY_KIB, stretching.PASSES) == (64 * 1024, 3)


def test_it_is_argon2id_with_these_parameters(settings: Settings) -> None:
    settings.ARGON2_MEMORY_KIB, settings.ARGON2_PASSES = 1024, 2
    salt = new_salt()
    made = stretch("Kanarienvogel", salt=salt, cost=present_cost())
    assert made == argon2id.kdf(32, b"Kanarienvogel", salt, opslimit=2, memlimit=1024 * 1024)
    assert made != stretch("Kanarienvogel", salt=new_salt(), cost=present_cost())
    assert made != stretch("Kanarienvogel", salt=salt, cost=CHEAP)


def test_only_so_many_run_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most, lock = 0, 0, threading.Lock()
    real = argon2id.kdf

    def counted(*args: Any, **kwargs: Any) -> bytes:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        try:
            return bytes(real(*args, **kwargs))
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr("vault.stretching.argon2id.kdf", counted)
    crowd = [
        threading.Thread(target=stretch, args=("x",), kwargs={"salt": new_salt(), "cost": CHEAP})
        for _person in range(10)
    ]
    for person in crowd:
        person.start()
    for person in crowd:
        person.join()
    assert most == settings.ARGON2_AT_ONCE == 2


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(stretching, "PATIENCE", 0.0)
    monkeypatch.setattr("vault.stretching.argon2id.kdf", lambda *_all, **_more: done.wait(60))
    try:
        with pytest.raises(Busy):
            stretch("x", salt=new_salt(), cost=CHEAP)
    finally:
        done.set()
