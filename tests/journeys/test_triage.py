"""An alarm's way in a real browser: the parent gets help at once, a human looks, and misses teach."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from counselling.triage import classifier
from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import SIZES, OpenVisitor
from tests.servers.lotse import Lotse, running_lotse

# The matter that counts stands in the middle of a long mail about something else.
HIDDEN = (
    "Hallo, ich hoffe, ich bin hier richtig. Unsere Tochter ist sechs Monate alt und schläft nur auf "
    "dem Arm. Meine Schwester sagt, das wird mit der Beikost besser, meine Mutter sagt, ich verwöhne "
    "sie. Gestern Nacht habe ich alle Tabletten aus dem Schrank genommen und vor mich hingelegt, ich "
    "will nicht mehr leben. Wir haben jetzt ein Beistellbett bestellt, das kommt nächste Woche. Ab "
    "wann soll ein Baby in seinem eigenen Bett schlafen?"
)
HARMLESS = "Ab wann darf mein Sohn allein zur Schule gehen? Er ist sieben und kennt den Weg."
ON_THE_BRIDGE = "sitz jetzt auf der brücke und will nicht mehr leben"
# Nobody who reads only these words sees anything in them.
BETWEEN_THE_LINES = (
    "Wie viel Taschengeld bekommt ein Kind mit acht Jahren? Und ab wann zahlt die Krankenkasse einen "
    "Schwimmkurs für beide Kinder?"
)
TOLD_ANEW = "Eine Mutter ordnet alles für ihre Kinder und klingt dabei, als käme sie nicht wieder."
UNKNOWN = "ನನ್ನ ಮಗು ಮಲಗುವುದಿಲ್ಲ ಏನು ಮಾಡಬೇಕು"  # Kannada: my child does not sleep

# What stands in for spaCy on a server that is out of order, and what the team then reads.
OUT_OF_ORDER = {
    "fails": (
        'raise ImportError("out of order")\n',
        "Die automatische Bewertung ist ausgefallen.",
    ),
    "too slow": (
        'import time\n\ntime.sleep(4)\nraise ImportError("out of order")\n',
        "Die Bewertung hat zu lange gedauert.",
    ),
}


def parent_of(visit: OpenVisitor, device: str = "phone", **options: str) -> Parent:
    return Parent(visit(device, **options).page(), "de-du")


def colleague_of(
    visit: OpenVisitor,
    device: str = "desktop",
    name: str = "jonna.petersen",
    **options: str,
) -> Colleague:
    page = visit(device, **options).page()
    colleague = Colleague(page, "de-du", "", f"{name}@nordhafen.example.org")
    colleague.enter()
    return colleague


def row_of_new_case(colleague: Colleague, before: set[str]) -> Locator:
    colleague.open_queue()
    (row,) = colleague.waiting_ids() - before
    return colleague.page.locator(f"#{row}")


def panel_of(parent: Parent) -> Locator:
    return parent.page.locator(".crisis-panel--urgent")


def rate(colleague: Colleague, urgency: str, reason: str = "") -> None:
    """Set the urgency of the case that is open, as its form offers it."""
    page = colleague.page
    if page.locator("details.case-rate[open]").count() == 0:
        page.locator("details.case-rate > summary").click()
    page.locator("#rate-urgency").select_option(label=urgency)
    page.locator("#rate-reason").select_option(value=reason)
    colleague.button("Einstufung speichern").click()


def test_an_alarm_shows_help_at_once_and_stands_in_front(visit: OpenVisitor, device: str) -> None:
    jonna = colleague_of(visit, device)
    jonna.open_queue()
    before = jonna.waiting_ids()
    mother = parent_of(visit, device)
    mother.ask(HIDDEN, topic="Baby und Schlaf")
    # She ticked "nein": it is the words that brought the help, and it stands above everything else.
    expect(panel_of(mother)).to_be_in_viewport()
    expect(panel_of(mother).locator("a[href='tel:112']")).to_be_visible()
    expect(mother.page.locator("#access-code")).to_be_visible()
    mother.look("triage-code")
    mother.note_code()
    expect(panel_of(mother)).to_be_in_viewport()
    mother.look("triage-thread")

    row = row_of_new_case(jonna, before)
    expect(row).to_contain_text("Automatisch eingestuft: Hinweise auf Gedanken an Suizid.")
    expect(row.locator(".urgency--sofort")).to_be_visible()
    ranks = jonna.waiting.evaluate_all(
        """rows => rows.map(row => row.querySelector(".urgency").className.split("--")[1])"""
    )
    assert ranks == sorted(ranks, key=["sofort", "dringend", "normal"].index)
    jonna.look("triage-queue")
    row.locator(".queue-row__title a").click()
    alarm = jonna.page.locator("#case-alarm .notice--danger")
    expect(alarm).to_contain_text("Automatisch als dringlich eingestuft")
    expect(alarm).to_contain_text("Hinweise auf Gedanken an Suizid.")
    marked = jonna.page.locator("#thread mark")
    expect(marked.first).to_be_visible()
    assert "nicht mehr leben" in " ".join(marked.all_inner_texts())
    assert "Beistellbett" not in " ".join(marked.all_inner_texts())
    jonna.look("triage-case")


def test_a_human_confirms_and_the_list_of_what_to_review_is_shorter(
    visit: OpenVisitor, device: str
) -> None:
    jonna = colleague_of(visit, device)
    jonna.open_queue()
    before = jonna.waiting_ids()
    parent_of(visit).ask(HIDDEN, topic="Baby und Schlaf")
    row = row_of_new_case(jonna, before)
    reference = row.get_attribute("id")
    jonna.open_from_menu("Im Team", "Einstufung prüfen")
    listed = jonna.page.locator(f"#{reference}")
    expect(listed).to_contain_text("Automatisch eingestuft")
    jonna.look("triage-reviews")
    listed.locator(".queue-row__title a").click()
    # The form for it is open already.
    expect(jonna.page.locator("#rate-urgency")).to_be_visible()
    rate(jonna, "sofort")
    expect(jonna.page.get_by_text("Die Einstufung ist bestätigt.")).to_be_visible()
    expect(jonna.page.locator("#case-alarm .notice")).to_have_count(0)
    expect(jonna.page.locator("#case-facts")).to_contain_text("Jonna Petersen: sofort")
    jonna.open_from_menu("Im Team", "Einstufung prüfen")
    expect(jonna.page.locator(f"#{reference}")).to_have_count(0)


def test_lowering_needs_a_reason_and_takes_the_panel_away(visit: OpenVisitor, device: str) -> None:
    jonna = colleague_of(visit, device)
    jonna.open_queue()
    before = jonna.waiting_ids()
    mother = parent_of(visit, device)
    mother.ask(HIDDEN, topic="Baby und Schlaf")
    mother.note_code()
    row_of_new_case(jonna, before).locator(".queue-row__title a").click()
    rate(jonna, "normal")
    expect(jonna.page.locator(".error-summary")).to_contain_text(
        jonna.say("Bitte wählen Sie einen Grund, warum es weniger dringend ist.")
    )
    jonna.look("triage-lower-without-reason")
    rate(jonna, "normal", "resolved")
    expect(jonna.page.locator("#case-alarm .notice")).to_have_count(0)
    expect(jonna.page.locator("#case-standing .urgency--normal")).to_be_visible()
    mother.page.reload()
    expect(panel_of(mother)).to_have_count(0)


def test_a_later_message_brings_help_and_the_open_case_renews_itself(
    visit: OpenVisitor, device: str
) -> None:
    jonna = colleague_of(visit, device)
    jonna.open_queue()
    before = jonna.waiting_ids()
    mother = parent_of(visit, device)
    mother.ask(HARMLESS, topic="Baby und Schlaf")
    expect(panel_of(mother)).to_have_count(0)
    mother.note_code()
    expect(panel_of(mother)).to_have_count(0)
    row_of_new_case(jonna, before).locator(".queue-row__title a").click()
    expect(jonna.page.locator("#case-alarm .notice")).to_have_count(0)
    expect(jonna.page.locator("[data-live-state=open]")).to_be_attached()

    mother.write(ON_THE_BRIDGE)
    expect(panel_of(mother)).to_be_in_viewport()
    expect(panel_of(mother).locator("a[href='tel:112']")).to_be_visible()
    mother.look("triage-thread-later")
    # Jonna does not reload: the page tells her.
    expect(jonna.page.locator("#case-alarm .notice--danger")).to_be_visible()
    expect(jonna.page.locator("#thread mark").first).to_be_visible()
    jonna.look("triage-case-later")


def test_help_comes_without_javascript(visit: OpenVisitor, device: str) -> None:
    mother = Parent(visit(device, js=False).page(), "de-du", None)
    mother.ask(HIDDEN)
    expect(panel_of(mother)).to_be_in_viewport()
    expect(panel_of(mother).locator("a[href='tel:112']")).to_be_visible()


def test_what_only_a_human_saw_becomes_a_line_for_training(visit: OpenVisitor, device: str) -> None:
    jonna = colleague_of(visit, device)
    jonna.open_queue()
    before = jonna.waiting_ids()
    parent_of(visit).ask(BETWEEN_THE_LINES, topic="Baby und Schlaf")
    row = row_of_new_case(jonna, before)
    expect(row.locator(".urgency--normal")).to_be_visible()
    reference = re.sub("^case-", "", row.get_attribute("id") or "").upper()
    row.locator(".queue-row__title a").click()
    rate(jonna, "sofort", "hidden")
    expect(jonna.page.locator("#case-standing .urgency--sofort")).to_be_visible()

    katrin = colleague_of(visit, device, "katrin.voss")
    katrin.open_from_menu("Im Team", "Einstufung prüfen")
    katrin.look("triage-reviews-supervisor")
    katrin.page.get_by_role("link", name="Verpasst").click()
    katrin.look("triage-misses")
    katrin.page.get_by_role("link", name=f"Fall {reference}").click()
    page = katrin.page
    expect(page.locator("main")).to_contain_text(f"Fall {reference}")
    katrin.look("triage-miss")
    page.locator("#id_text").fill(BETWEEN_THE_LINES)
    page.locator("#id_changed").check()
    katrin.button("Zeile als Datei speichern").click()
    expect(page.locator(".error-summary")).to_contain_text("fünf oder mehr Wörter")
    katrin.look("triage-miss-refused")
    page.locator("#id_text").fill(TOLD_ANEW)
    with page.expect_download() as started:
        katrin.button("Zeile als Datei speichern").click()
    (line,) = started.value.path().read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert (record["text"], record["level"]) == (TOLD_ANEW, "sofort")


def test_who_is_no_supervisor_finds_no_misses(visit: OpenVisitor) -> None:
    jonna = colleague_of(visit)
    jonna.open_from_menu("Im Team", "Einstufung prüfen")
    expect(jonna.page.get_by_role("link", name="Verpasst")).to_have_count(0)
    answer = jonna.page.goto("/team/verpasst/")
    assert answer is not None
    assert answer.status == 404


def test_the_house_may_make_the_triage_more_sensitive_and_never_less(
    visit: OpenVisitor, device: str
) -> None:
    soeren = colleague_of(visit, device, "soeren.claasen")
    page = soeren.page
    page.goto("/team/einstellungen/")
    field = page.locator("#id_triage_dringend")
    expect(field).to_have_value("50")
    for wrong in ("51", "9", "viel"):
        field.evaluate("(field, value) => { field.type = 'text'; field.value = value; }", wrong)
        soeren.button("Einstellungen speichern").click()
        expect(page.locator(".error-summary")).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
    soeren.look("triage-settings-error")
    for right in ("20", "50"):
        field.fill(right)
        soeren.button("Einstellungen speichern").click()
        expect(page.locator(".notice--success")).to_be_visible()
        expect(field).to_have_value(right)


def test_an_unknown_language_goes_to_a_human_first(visit: OpenVisitor, device: str) -> None:
    jonna = colleague_of(visit, device)
    jonna.open_queue()
    before = jonna.waiting_ids()
    mother = parent_of(visit, device)
    mother.ask(UNKNOWN, topic="Baby und Schlaf")
    expect(panel_of(mother)).to_be_in_viewport()
    mother.look("triage-code-unrated")
    row = row_of_new_case(jonna, before)
    expect(row).to_contain_text("Nicht bewertet, bitte zuerst ansehen")
    row.locator(".queue-row__title a").click()
    expect(jonna.page.locator("#case-alarm .notice--warning")).to_contain_text(
        "Nicht bewertet: zuerst ansehen"
    )
    jonna.look("triage-case-unrated")


@pytest.fixture(scope="module")
def own_lotse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lotse]:
    """A server of these tests alone, to be started anew in other circumstances."""
    with running_lotse(tmp_path_factory.mktemp("triage") / "lotse") as lotse:
        yield lotse


def start_again(lotse: Lotse, **circumstances: str) -> None:
    """Start a server anew with other environment variables than before."""
    lotse.stop()
    for name in ("LOTSE_TRIAGE_SHADOW", "PYTHONPATH"):
        lotse.environment.pop(name, None)
    lotse.environment.update(circumstances)
    lotse.start(seconds=120)


def test_a_model_on_trial_is_compared_in_numbers_only(
    visit: OpenVisitor, own_lotse: Lotse, tmp_path: Path
) -> None:
    # The installed model under another name: its fingerprint is that of its files.
    trial = tmp_path / "trial"
    shutil.copytree(classifier.FOLDER, trial)
    heads = trial / "heads.json"
    heads.write_text(heads.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    start_again(own_lotse, LOTSE_TRIAGE_SHADOW=str(trial))
    for text in (HIDDEN, HARMLESS):
        parent_of(visit, base_url=own_lotse.url).ask(text, topic="Baby und Schlaf")
    for device in SIZES:
        soeren = colleague_of(visit, device, "soeren.claasen", base_url=own_lotse.url)
        soeren.page.goto("/team/einstellungen/")
        soeren.page.get_by_role("link", name="Modelle vergleichen").click()
        expect(soeren.page.locator("table")).to_be_visible()
        expect(soeren.page.locator("main")).to_contain_text("von 2 Nachrichten.")
        assert "Tabletten" not in soeren.page.content()
        soeren.look("triage-comparison")


@pytest.mark.parametrize("disorder", list(OUT_OF_ORDER))
def test_what_nothing_could_rate_a_human_sees_first(
    visit: OpenVisitor, own_lotse: Lotse, tmp_path: Path, disorder: str
) -> None:
    program, words = OUT_OF_ORDER[disorder]
    (tmp_path / "spacy.py").write_text(program)
    start_again(own_lotse, PYTHONPATH=str(tmp_path))
    jonna = colleague_of(visit, base_url=own_lotse.url)
    jonna.open_queue()
    before = jonna.waiting_ids()
    mother = parent_of(visit, base_url=own_lotse.url)
    # Her text arrives whatever happens to the engine, and she sees whom to call.
    mother.ask(HARMLESS, topic="Baby und Schlaf")
    expect(panel_of(mother)).to_be_in_viewport()
    row = row_of_new_case(jonna, before)
    expect(row).to_contain_text(f"Nicht bewertet, bitte zuerst ansehen: {words}")
    row.locator(".queue-row__title a").click()
    alarm = jonna.page.locator("#case-alarm .notice--warning")
    expect(alarm).to_contain_text("Nicht bewertet: zuerst ansehen")
    expect(alarm).to_contain_text(words)
