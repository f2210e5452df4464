"""What is forked: nothing that has threads, and a child that ends comes back under its name."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from config import processes
from config.processes import Part

ROOT = Path(__file__).resolve().parent.parent.parent
# Two parts that only wait, and one of them listens.
SUPERVISOR = """
import django
django.setup()
from config import processes
from config.processes import Part
listening = processes.listen("127.0.0.1", 0)
parts = [Part("web", ["tests.config.waiting"], listening), Part("worker", ["tests.config.waiting"])]
processes.run(parts, say=print)
"""
PATIENCE = 120.0  # seconds on a busy machine


def test_no_process_with_threads_is_forked() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="threads"):
            processes.run([Part("web", ["tests.config.waiting"])], say=print)
    finally:
        ended.set()
        thread.join()


def children(pid: int) -> dict[str, int]:
    """Return the processes below one that go by a name of ours."""
    found: dict[str, int] = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found[Path(f"/proc/{child}/comm").read_text().strip()] = int(child)
    return {name: child for name, child in found.items() if name.startswith("lotse ")}


def wait_for(pid: int, *, other_than: int = 0) -> dict[str, int]:
    """Wait until both parts run, the worker as another process than before."""
    end = time.monotonic() + PATIENCE
    while True:
        found = children(pid)
        if len(found) == 2 and found["lotse worker"] != other_than:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def sockets(pid: int) -> set[str]:
    """Return what a process has open that is a socket."""
    opened = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
    return {name for name in opened if name.startswith("socket:")}


def test_what_is_killed_comes_back_and_holds_no_socket_of_others() -> None:
    command = [sys.executable, "-c", SUPERVISOR]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as supervisor:
        try:
            before = wait_for(supervisor.pid)
            os.kill(before["lotse worker"], signal.SIGKILL)
            after = wait_for(supervisor.pid, other_than=before["lotse worker"])
            assert after["lotse web"] == before["lotse web"]
            (listening,) = sockets(supervisor.pid)
            assert listening in sockets(after["lotse web"])
            assert listening not in sockets(after["lotse worker"])
        finally:
            supervisor.terminate()
    assert supervisor.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in after.values())


def test_whose_parent_is_killed_ends_too_and_leaves_the_port_free() -> None:
    """As by the kernel when memory runs out: nobody would stop the rest, and nothing could be started again."""
    command = [sys.executable, "-c", SUPERVISOR]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as supervisor:
        parts = wait_for(supervisor.pid)
        supervisor.kill()
    end = time.monotonic() + PATIENCE
    while any(is_running(pid) for pid in parts.values()):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Say whether a process does anything: where nobody waits for its end it stays as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_port_that_is_taken_is_one_sentence_and_no_six_tries() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            CommandError, match=rf"port {port} of 127.0.0.1 \(Address already in use\)"
        ):
            call_command("serve", port=port)


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(processes.NoAddress, match=r"192.0.2.1 \(Cannot assign requested address\)"):
        processes.listen("192.0.2.1", 0)
