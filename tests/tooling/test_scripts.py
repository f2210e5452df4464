"""The scripts say what is wrong and what to do about it."""

import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts in an environment of its own."""
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_taken_port_is_named_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("check-port.sh", LOTSE_PORT=str(port))
    assert result.returncode == 1
    assert f"port {port} is taken" in result.stderr
    assert "make demo LOTSE_PORT=" in result.stderr


def test_a_port_is_a_number() -> None:
    assert "must be a number" in run("check-port.sh", LOTSE_PORT="80a").stderr
    assert "must be a number" in run("check-port.sh", LOTSE_PORT="65536").stderr


def test_a_missing_python_is_named_with_a_remedy(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2; exit 1\n")
    old.chmod(0o755)
    copy = tmp_path / "lotse" / "scripts"
    copy.mkdir(parents=True)
    for name in ("install.sh", "say.sh"):
        (copy / name).write_text((ROOT / "scripts" / name).read_text())
    for python, sentence in ((str(old), "but"), ("no-python", "no-python is missing")):
        result = subprocess.run(
            ["bash", copy / "install.sh", "run"],
            env={"PATH": "/usr/bin:/bin", "PYTHON": python},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 1
        assert sentence in result.stderr
        assert "Python 3.11 or newer" in result.stderr
