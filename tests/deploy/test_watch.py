"""What Prometheus reads, and what dashboard and alert rules make of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from config import watching
from counselling import sweeping
from counselling.operations import sweep
from counselling.ticks import Ticks
from outbox.models import Channel
from outbox.operations import deliveries
from reporting.traffic import Traffic, traffic
from tests import factories
from tests.servers.lotse import ROOT

WATCH = ROOT / "deploy" / "watch"
TOKEN = "token-of-the-tests-and-of-nobody"
NAME = re.compile(r"\b(lotse_[a-z_]+)\b")


def metrics() -> str:
    with override_settings(METRICS_TOKEN=TOKEN):
        answer = Client().get(reverse("metrics"), headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return answer.content.decode()


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((WATCH / "grafana-lotse.json").read_text())
    return read


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((WATCH / "alerts.yaml").read_text())["groups"]
    read: list[dict[str, Any]] = group["rules"]
    return read


@pytest.mark.django_db
def test_dashboard_and_alerts_name_only_what_the_page_of_metrics_shows() -> None:
    shown = {
        f"{name}{end}"
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", metrics(), re.MULTILINE)
        for end in (("_bucket", "_count") if kind == "histogram" else ("",))
    }
    drawn = {
        name
        for panel in dashboard()["panels"]
        for target in panel["targets"]
        for name in NAME.findall(target["expr"])
    }
    alerted = {name for rule in rules() for name in NAME.findall(rule["expr"])}
    assert drawn | alerted <= shown
    # And what is shown is drawn; how many there were is in the buckets.
    assert shown - drawn == {"lotse_request_seconds_count"}


def test_every_alert_says_what_is_wrong_and_how_much_it_matters() -> None:
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_every_panel_of_the_dashboard_has_a_place_of_its_own_and_asks_for_something() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (x, y)
        for panel in panels
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _y in taken) < 24  # columns of Grafana
    for panel in panels:
        assert panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("is_spoilt", [False, True])
def test_prometheus_understands_alerts_and_what_the_dashboard_asks(
    tmp_path: Path, is_spoilt: bool
) -> None:
    asked = [
        {"record": f"lotse:panel_{panel['id']}_{number}", "expr": target["expr"] + ")" * is_spoilt}
        for panel in dashboard()["panels"]
        for number, target in enumerate(panel["targets"])
    ]
    drawn = tmp_path / "dashboard.yaml"
    drawn.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": asked}]}))
    command = ["promtool", "check", "rules", str(WATCH / "alerts.yaml"), str(drawn)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode != 0) == is_spoilt, result.stderr


@pytest.mark.django_db
def test_every_line_of_the_metrics_is_one_that_prometheus_reads() -> None:
    factories.staffed("nordhafen")
    line = re.compile(r'[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)+\})? -?[0-9.e+-]+')
    bad = [text for text in metrics().splitlines() if text[0] != "#" and not line.fullmatch(text)]
    assert bad == []


@pytest.mark.django_db
def test_pages_are_counted_by_kind_and_never_by_path() -> None:
    factories.staffed("nordhafen")
    before = traffic.totals()
    Client().get("/nordhafen/")
    Client().get("/team/")
    Client().get("/nordhafen/gibt-es-nicht/")
    counted = traffic.totals() - before
    assert {(kind, status) for kind, status, _bound in counted} == {
        ("organisation", "2xx"),
        ("staff", "3xx"),
        ("none", "4xx"),
    }
    text = metrics()
    assert 'lotse_requests_total{kind="organisation",status="2xx"}' in text
    assert "gibt-es-nicht" not in text


@pytest.mark.django_db
def test_counts_of_several_processes_are_one_sum(on_postgresql: bool) -> None:
    if not on_postgresql:
        pytest.skip("several processes need Redis")
    one, other = Traffic(), Traffic()
    before = one.totals()["client", "2xx", "0.1"]
    for process in (one, other):
        process.note(kind="client", status=200, seconds=0.07)
        process.add()
    assert other.totals()["client", "2xx", "0.1"] == before + 2
    with one.open_socket(), one.open_socket():
        one.tell_sockets()
        assert other.sockets() == 2
    one.tell_sockets()
    assert other.sockets() == 0


@pytest.mark.django_db
def test_deliveries_and_sweeps_are_seen() -> None:
    at = timezone.now()
    deliveries.promise(
        key="probe", channel=Channel.MAIL, to="lea@example.org", subject="x", body="x", at=at
    )
    assert "\nlotse_worker_silent_seconds " not in metrics()
    sweep.once(at=at, ticks=Ticks("this-machine", 1.0))
    text = metrics()
    assert 'lotse_deliveries{channel="mail",state="waiting"} 1' in text
    assert re.search(r"^lotse_worker_silent_seconds \d", text, re.MULTILINE)


@pytest.mark.django_db
def test_readiness_has_a_word_for_each_part() -> None:
    found = watching.signs(at=timezone.now())
    assert found == {
        "database": "ok",
        "redis": "ok" if settings.REDIS_URL else "none",
        "worker": "never",
        "sweep": "ok",
        "alarms": "ok",
        "on_call": "ok",
        "deliveries": "ok",
    }
    sweep.once(at=timezone.now(), ticks=Ticks("this-machine", 1.0))
    assert watching.signs(at=timezone.now())["worker"] == "ok"
    assert watching.signs(at=timezone.now() + 2 * sweeping.SILENT)["worker"] == "late"


@pytest.mark.django_db
def test_without_redis_a_process_lives_but_is_not_ready() -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        ready = Client().get("/ready/")
        assert (ready.status_code, ready.json()["redis"]) == (503, "away")
        assert Client().get("/health/").status_code == 200
        assert "lotse_sweep_lag_seconds 0" in metrics()
