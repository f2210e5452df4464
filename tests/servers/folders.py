"""Folders of throw-away servers, and clearing away what a killed test run left behind."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

# Not the system's temporary folder: a socket's path may have no more than 107 characters.
PLACE = Path("/tmp")
PREFIX = "lotse-test-"
PROCESSES = Path("/proc")


def new_folder() -> Path:
    """Make a folder for this process's servers, after clearing away those of dead processes."""
    clear_stale()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE))
    # PostgreSQL runs as its own user when root starts it, and must get to its own folder inside.
    folder.chmod(0o755)
    return folder


def clear_stale() -> None:
    """Stop the servers and remove the folders whose owner no longer runs."""
    for folder in PLACE.glob(f"{PREFIX}*"):
        # The folder's name tells which process made it.
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if PROCESSES.exists() and not (PROCESSES / owner).exists():
            kill_processes_of(folder)
            for mounted in (PROCESSES / "mounts").read_text().splitlines():
                if (place := mounted.split()[1]).startswith(f"{folder}/"):
                    subprocess.run(["umount", "--lazy", place], check=False)
            shutil.rmtree(folder, ignore_errors=True)


def kill_processes_of(folder: Path) -> None:
    """Kill each process that was started with the folder in an argument or a variable."""
    for process in PROCESSES.glob("[0-9]*"):
        try:
            started_with = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if bytes(folder) in started_with and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue  # it has ended meanwhile, or is somebody else's
