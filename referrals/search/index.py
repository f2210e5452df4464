"""What this process remembers of documents and phrases, and how it stays in step with the database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from referrals.models import SearchDocument, SearchState, Synonym, TaxonomyTerm
from referrals.search import lexicon, meaning
from referrals.search.columns import Columns, Row, updated
from referrals.search.lexicon import Entry
from referrals.search.meaning import Meaning

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Memory:
    """A moment's knowledge. `names`: of taxonomy terms by code, for people to read."""

    epoch: UUID | None = None
    documents: int = 0
    phrases: int = -1
    columns: Columns = field(default_factory=Columns)
    meaning: Meaning | None = None
    names: dict[str, str] = field(default_factory=dict)


_lock = Lock()
_memory = Memory()


def current() -> Memory:
    """Return what holds now: one question to the database when nothing has changed."""
    global _memory  # noqa: PLW0603 - one memory a process, replaced as a whole
    state = SearchState.objects.filter(pk=1).first()
    known = _memory
    if state is None:
        return Memory(meaning=meaning.shipped())
    if (state.epoch, state.documents, state.phrases) == (
        known.epoch,
        known.documents,
        known.phrases,
    ):
        return known
    with _lock:
        _memory = _brought_up_to(state, _memory)
        return _memory


def forget() -> None:
    """Forget everything, as after the database was replaced."""
    global _memory  # noqa: PLW0603 - see current
    with _lock:
        _memory = Memory()


def _brought_up_to(state: SearchState, known: Memory) -> Memory:
    if known.epoch != state.epoch:
        known = Memory()
    columns = known.columns
    if known.documents < state.documents:
        columns = updated(columns, _rows(known.documents, state.documents))
    meant, names = known.meaning, known.names
    strange = not columns.names["codes"].keys() <= names.keys()
    if meant is None or known.phrases != state.phrases or strange:
        meant, names = _meaning()
    return Memory(state.epoch, state.documents, state.phrases, columns, meant, names)


def _rows(after: int, until: int) -> Iterable[Row]:
    found = (
        SearchDocument.objects.filter(version__gt=after, version__lte=until)
        .values_list("id", "service_id", "removed", "facts")
        .iterator(ROWS_AT_ONCE)
    )
    return (Row(*one) for one in found)


def _meaning() -> tuple[Meaning, dict[str, str]]:
    """Return the lexicon with editors' phrases and the names of terms that imports brought."""
    terms = list(TaxonomyTerm.objects.values_list("code", "name"))
    shipped = {entry.category for entry in lexicon.shipped()}
    added = [
        Entry(code, phrase, language)
        for code, phrase, language in Synonym.objects.values_list(
            "term__code", "phrase", "language"
        )
    ]
    added += [Entry(code, name) for code, name in terms if code not in shipped]
    names = dict(terms)
    if not added:
        return meaning.shipped(), names
    return Meaning([*lexicon.shipped(), *added]), names
