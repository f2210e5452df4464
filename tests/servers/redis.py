"""A throw-away Redis on a socket in a temporary folder."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.servers.programs import program


@dataclass(frozen=True)
class Redis:
    """A running server. `folder`: where its socket and log are."""

    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, parent: Path, name: str = "redis") -> "Redis":
        """Start a server with a folder `name` below `parent`. Raises MissingProgram."""
        executable = program("redis-server", "valkey-server", package="redis-server")
        folder = parent / name
        folder.mkdir(exist_ok=True)  # one that was killed is started again
        process = subprocess.Popen(
            [
                *(str(executable), "--port", "0", "--unixsocket", f"{folder}/redis.sock"),
                *("--dir", str(folder), "--logfile", f"{folder}/log"),
                *("--save", "", "--appendonly", "no"),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        server = cls(folder, process)
        server._wait()
        return server

    def url(self) -> str:
        """Return the server's address, as LOTSE_REDIS_URL takes it."""
        return f"unix://{self.folder}/redis.sock"

    def stop(self) -> None:
        """Stop the server at once."""
        self.process.kill()
        self.process.wait()

    def _wait(self, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        with redis.Redis.from_url(self.url()) as client:
            while True:
                try:
                    client.ping()
                except redis.RedisError:
                    if time.monotonic() > end or self.process.poll() is not None:
                        raise
                    time.sleep(0.02)
                else:
                    return
