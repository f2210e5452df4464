"""The sample proxies keep nothing about who came. nginx is driven in test_traces_of_clients.py."""

import http.client
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from counselling.uploads.kinds import LARGEST_BODY
from tests.servers.lotse import ROOT, free_port

DEPLOY = ROOT / "deploy"
NGINX = (DEPLOY / "nginx.conf").read_text()
CADDY = (DEPLOY / "Caddyfile").read_text()
HSTS = "max-age=63072000; includeSubDomains; preload"


def without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith("#"))


def test_nginx_logs_no_request_in_any_server() -> None:
    servers = without_comments(NGINX).split("\nserver {")[1:]
    assert len(servers) == 2
    for server in servers:
        assert re.findall(r"access_log\s+(.*?);", server) == ["off"]
        assert re.findall(r"error_log\s+(.*?);", server) == ["/dev/null emerg"]
    assert "log_format" not in NGINX


def test_nginx_passes_on_what_lotse_needs_and_nothing_that_a_stranger_claims() -> None:
    server = without_comments(NGINX).split("\nserver {")[2]
    headers = dict(re.findall(r"proxy_set_header (\S+)\s+(\S+);", server))
    assert headers == {
        "Host": "$http_host",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-For": "$remote_addr",
        "X-Real-IP": '""',
        "Forwarded": '""',
        "User-Agent": '""',
        "Upgrade": "$http_upgrade",
        "Connection": "$lotse_connection",
    }


def test_nginx_writes_no_body_to_a_disk() -> None:
    sizes = dict(re.findall(r"(client_\w+_size) (\w+);", NGINX))
    assert sizes["client_body_buffer_size"] == sizes["client_max_body_size"]
    assert "proxy_max_temp_file_size 0;" in NGINX
    # A location that sets one of these itself would inherit none of them.
    assert not re.search(r"location[^{]*\{[^}]*proxy_set_header", NGINX)


def test_both_let_in_what_lotse_takes_and_nothing_larger() -> None:
    (nginx,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    (caddy,) = re.findall(r"max_size (\d+)MiB", CADDY)
    assert int(nginx) * 2**20 == int(caddy) * 2**20 == LARGEST_BODY


@pytest.mark.parametrize("text", [NGINX, CADDY], ids=["nginx", "Caddy"])
def test_both_promise_https_for_as_long_as_lotse_does(text: str) -> None:
    assert HSTS in text


def test_caddy_has_no_log_of_requests_and_its_own_log_leaves_them_out() -> None:
    text = without_comments(CADDY)
    (own,) = re.findall(r"\tlog \{(.*?)\n\t\}", text, re.DOTALL)
    assert text.count("log {") == 1
    assert re.search(r"^\s*exclude http$", own, re.MULTILINE)
    for name in ("User-Agent", "Forwarded", "X-Real-IP"):
        assert text.count(f"header_up -{name}") == text.count("reverse_proxy") == 2


def test_redis_writes_no_file() -> None:
    text = without_comments((DEPLOY / "redis.conf").read_text())
    assert 'save ""' in text
    assert "appendonly no" in text


def status_of(port: int, agent: str) -> int:
    """Ask for a page as somebody with a browser of this name, as soon as somebody listens."""
    for _try in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/nordhafen/", headers={"User-Agent": agent})
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("Caddy did not start")


needs_caddy = pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed")


@needs_caddy
def test_caddy_understands_its_file() -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@needs_caddy
@pytest.mark.parametrize("careless", [False, True])
def test_caddy_says_nothing_of_a_request_that_fails(tmp_path: Path, careless: bool) -> None:
    """Nobody listens behind it: the moment at which Caddy's own log would name the client."""
    port, agent = free_port(), "Merkmal-einer-Besucherin"
    text = CADDY.replace(
        "{\n\t# No access log", "{\n\tadmin off\n\tauto_https off\n\t# No access log"
    )
    if careless:
        text = text.replace("exclude http", "")
    file = tmp_path / "Caddyfile"
    file.write_text(text)
    log = tmp_path / "log"
    home = {
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "LOTSE_NAME": f"http://127.0.0.1:{port}",
        "LOTSE_PAGES_AT": f"127.0.0.1:{free_port()}",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)], stderr=out, env=home
        )
    try:
        status = status_of(port, agent)
    finally:
        process.terminate()
        process.wait(10)
    assert status == 502
    said = log.read_text()
    assert (agent in said or "remote_ip" in said) is careless
