"""Which journeys run in one worker: those that share a server, which each worker would start for itself.

`--dist loadgroup` of pytest-xdist 3.8 does not know the node ids of pytest 9.2: it groups nothing.
"""

from xdist.scheduler import LoadScopeScheduling

SERVERS = {
    "tests/journeys/test_chat.py": "chat",
    "tests/journeys/test_chat_desk.py": "chat desk",
    "tests/journeys/test_fleet.py": "fleet",
    "tests/journeys/test_proof.py": "strict",
    "tests/journeys/test_xss.py": "target",
    "tests/security/test_canary.py": "live fleet",
    "tests/security/test_headers.py": "guarded",
    "tests/security/test_origins.py": "guarded",
    "tests/security/test_stolen_everything.py": "live fleet",
    "tests/security/test_traces_of_clients.py": "guarded",
}


class ByServer(LoadScopeScheduling):  # type: ignore[misc]  # brings no types
    """`--dist loadscope`, with a scope for each server and for each other test."""

    def _split_scope(self, nodeid: str) -> str:
        return SERVERS.get(nodeid.split("::")[0], nodeid)
