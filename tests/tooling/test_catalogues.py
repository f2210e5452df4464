"""The catalogue check notices what a translator forgot."""

import gettext
from pathlib import Path

import polib
import pytest

from scripts import catalogues


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a source tree with two empty catalogues."""
    for locale in catalogues.LOCALES:
        path = catalogues.catalogue_path(tmp_path, locale)
        path.parent.mkdir(parents=True)
        path.write_text('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n')
    return tmp_path


def add(root: Path, locale: str, msgid: str, msgstr: str, *flags: str) -> None:
    """Add an entry to a catalogue of the tree."""
    path = catalogues.catalogue_path(root, locale)
    catalogue = polib.pofile(str(path))
    catalogue.append(polib.POEntry(msgid=msgid, msgstr=msgstr, flags=list(flags)))
    catalogue.save()


def test_an_untranslated_message_is_noticed(root: Path) -> None:
    add(root, "en", "Warteschlange", "")
    assert "no translation" in catalogues.problems(root)[0]


def test_a_guess_is_no_translation(root: Path) -> None:
    add(root, "en", "Warteschlange", "Queue", "fuzzy")
    assert "guess" in catalogues.problems(root)[0]


@pytest.mark.parametrize(
    ("msgid", "msgstr", "accepted"),
    [
        ("Schreiben Sie uns.", "", False),
        ("Ihre Frage ist da.", "", False),
        ("Ihre Frage ist da.", "Deine Frage ist da.", True),
        ("Die Frage ist da.", "", True),
        ("Siehe oben", "", True),
    ],
)
def test_who_addresses_the_reader_does_it_with_du_too(
    root: Path, msgid: str, msgstr: str, accepted: bool
) -> None:
    add(root, "de_DU", msgid, msgstr)
    assert (catalogues.problems(root) == []) is accepted


def test_a_lost_placeholder_is_noticed(root: Path) -> None:
    add(root, "en", "%(count)s Fragen", "questions", "python-format")
    assert catalogues.wrong_placeholders(root)


def test_a_message_in_the_code_must_be_in_the_catalogue(root: Path) -> None:
    (root / "page.py").write_text('_("Hallo")\n')
    catalogues.make_messages(root)
    assert ("Hallo", "", "") in catalogues.keys(catalogues.catalogue_path(root, "en"))


def test_compiled_catalogues_leave_the_untranslated_to_the_fallback(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(root, "de_DU", "Schreiben Sie uns.", "Schreib uns.")
    add(root, "de_DU", "Abmelden", "")
    monkeypatch.setattr(catalogues, "ROOT", root)
    catalogues.compile_stale()
    with catalogues.catalogue_path(root, "de_DU").with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Schreiben Sie uns.") == "Schreib uns."
    assert compiled.gettext("Abmelden") == "Abmelden"
