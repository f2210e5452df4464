"""Keep the message catalogues: `catalogues.py compile | update | check`.

Message ids are German. `locale/en` translates every one of them; `locale/de_DU` holds only those
that address the reader and turns *Sie* into *du*.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("en", "de_DU")
NO_SOURCES = (".venv", "benchmarks", "build", "node_modules", "scripts", "tests", "var")
# A word at the beginning of a sentence may also mean "they" or "her": then the entry in de_DU
# repeats the message id.
ADDRESSES_THE_READER = re.compile(r"\b(Sie|Ihnen|Ihr|Ihre|Ihrem|Ihren|Ihrer|Ihres)\b")

# No dates and no names: they would make every branch conflict with every other.
METADATA = {
    "Project-Id-Version": "lotse",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}

# What identifies a message: id, context, plural id.
Key = tuple[str, str, str]


def catalogue_path(root: Path, locale: str) -> Path:
    """Return where the catalogue of a locale lies."""
    return root / "locale" / locale / "LC_MESSAGES" / "django.po"


def compile_stale() -> None:
    """Write each .mo file that is older than its .po file; needs no gettext programs."""
    for po in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        polib.pofile(str(po)).save_as_mofile(str(mo))


def make_messages(root: Path) -> None:
    """Collect the messages of the source tree `root` into its catalogues.

    Raises CalledProcessError when gettext finds fault with a source file.
    """
    locales = [argument for locale in LOCALES for argument in ("--locale", locale)]
    ignored = [argument for name in NO_SOURCES for argument in ("--ignore", f"{name}/*")]
    # Without settings: Django then takes the folder `locale` of the working directory.
    subprocess.run(
        [
            *(sys.executable, "-m", "django", "makemessages", "--verbosity", "0", "--no-obsolete"),
            *("--add-location", "file", *locales, *ignored),
        ],
        cwd=root,
        check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


def update() -> None:
    """Bring the catalogues up to date with the code, without marking guesses as translations."""
    for locale in LOCALES:
        catalogue_path(ROOT, locale).parent.mkdir(parents=True, exist_ok=True)
    make_messages(ROOT)
    for locale in LOCALES:
        path = catalogue_path(ROOT, locale)
        catalogue = polib.pofile(str(path), wrapwidth=98)
        for entry in catalogue:
            if entry.fuzzy:
                entry.flags.remove("fuzzy")
                entry.msgstr = ""
                entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, "")
            entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
        catalogue.header = "Lotse's messages. Message ids are German; see scripts/catalogues.py."
        catalogue.metadata = METADATA | {"Language": locale}
        catalogue.metadata_is_fuzzy = False
        catalogue.save()
    for problem in problems(ROOT):
        print(problem)


def keys(catalogue: Path) -> set[Key]:
    """Return what identifies each message of a catalogue; none if there is no such file."""
    if not catalogue.exists():
        return set()
    return {
        (entry.msgid, entry.msgctxt or "", entry.msgid_plural)
        for entry in polib.pofile(str(catalogue))
        if not entry.obsolete
    }


def collected_keys() -> set[Key]:
    """Return the messages that the code holds now, collected in a copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="lotse-messages-") as folder:
        copy = Path(folder) / "lotse"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.po", "*.mo", *NO_SOURCES)
        shutil.copytree(ROOT, copy, ignore=ignored)
        catalogue_path(copy, LOCALES[0]).parent.mkdir(parents=True, exist_ok=True)
        make_messages(copy)
        return keys(catalogue_path(copy, LOCALES[0]))


def problems(root: Path) -> list[str]:
    """Return what is missing or wrong in the catalogues themselves, one line each."""
    found = []
    for locale in LOCALES:
        for entry in polib.pofile(str(catalogue_path(root, locale))):
            place = f"locale/{locale}: “{entry.msgid[:60]}”"
            texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
            both = f"{entry.msgid} {entry.msgid_plural}"
            if entry.fuzzy:
                found.append(f"{place} is a guess (fuzzy)")
            elif all(texts):
                continue
            elif locale == "en":
                found.append(f"{place} has no translation")
            elif ADDRESSES_THE_READER.search(both):
                found.append(f"{place} addresses the reader and has no form with du")
    return found


def wrong_placeholders(root: Path) -> list[str]:
    """Return what msgfmt says of placeholders that differ between message and translation."""
    found = []
    for locale in LOCALES:
        result = subprocess.run(
            ["msgfmt", "--check", "--output-file=/dev/null", str(catalogue_path(root, locale))],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            found += result.stderr.strip().splitlines()
    return found


def check() -> list[str]:
    """Return every way in which the catalogues are not up to date, one line each."""
    missing = [locale for locale in LOCALES if not catalogue_path(ROOT, locale).exists()]
    if missing:
        return [f"locale/{locale} has no catalogue" for locale in missing]
    wanted = collected_keys()
    found = []
    for locale in LOCALES:
        committed = keys(catalogue_path(ROOT, locale))
        place = f"locale/{locale}:"
        found += [f"{place} “{msgid[:60]}” is missing" for msgid, *_ in sorted(wanted - committed)]
        found += [f"{place} “{msgid[:60]}” is stale" for msgid, *_ in sorted(committed - wanted)]
    return found + problems(ROOT) + wrong_placeholders(ROOT)


def main(command: str) -> int:
    """Run one command and return the exit status."""
    if command == "compile":
        compile_stale()
    elif command == "update":
        update()
    elif command == "check":
        found = check()
        print("\n".join(found[:40]))
        if len(found) > 40:
            print(f"… and {len(found) - 40} more")
        return 1 if found else 0
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
