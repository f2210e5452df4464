"""How good the search is: 420 fictitious services, 562 queries, 245 of them kept away from tuning."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from referrals.operations import documents
from referrals.search import evaluation, searching
from tests.referrals.search.conftest import AT, DATA, Directory, entry


@pytest.fixture
def full_directory(directory: Directory) -> None:
    call_command("import_services", str(DATA / "services.json"), stdout=StringIO())
    documents.rebuild_all()


def test_parents_queries_find_the_right_kind_of_help(full_directory: None) -> None:
    for name in ("queries.jsonl", "queries_held_back.jsonl", "queries_fresh.jsonl"):
        queries = evaluation.read(DATA / name)
        items = evaluation.run(queries, lambda text: searching.categories(text, at=AT))
        figures = evaluation.report(items)
        print(name, {key: value for key, value in figures.items() if key != "items"})
        assert figures["hit@1"] >= 0.80, name
        assert figures["hit@3"] >= 0.93, name
        assert figures["zero_hits"] <= 0.01 * len(queries), name


def test_there_are_enough_of_both() -> None:
    both = [
        q
        for name in ("queries", "queries_held_back")
        for q in evaluation.read(DATA / f"{name}.jsonl")
    ]
    assert len({query.query for query in both}) >= 300
    assert len(json.loads((DATA / "services.json").read_text("utf-8"))) >= 400


def test_the_command_writes_figures_and_items(directory: Directory, tmp_path: Path) -> None:
    directory(entry("Fachstelle", "schreiambulanz"), entry("Amt", "kinderschutz_jugendamt"))
    queries, out = tmp_path / "q.jsonl", tmp_path / "out.json"
    queries.write_text(
        '{"id": "1", "query": "schreibaby", "expect": ["schreiambulanz"]}\n'
        '{"id": "2", "query": "schulden", "expect": ["schuldnerberatung"]}\n'
    )
    told = StringIO()
    call_command("evaluate_search", str(queries), "--json", str(out), stdout=told)
    assert "2 queries: hit@1 0.500" in told.getvalue()
    assert "miss: 2" in told.getvalue()
    figures = json.loads(out.read_text())
    assert set(figures) == {"hit@1", "hit@3", "zero_hits", "items"}
    assert figures["items"][0] == {"id": "1", "query": "schreibaby", "found": ["schreiambulanz"]}


def test_a_bad_line_is_named(db: None, tmp_path: Path) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"id": "1", "query": "schreibaby"}\n')
    with pytest.raises(CommandError, match=r"q\.jsonl, line 1"):
        call_command("evaluate_search", str(queries))


def test_the_search_command_tells_results_and_reasons(directory: Directory) -> None:
    directory(entry("Fachstelle", "schreiambulanz", place=("Köln", "50667", 50.9, 6.9, "05315")))
    told = StringIO()
    call_command("search_services", "schreibaby", "--near", "50667", stdout=told)
    assert "1 Treffer nahe 50667" in told.getvalue()
    assert "Fachstelle (Schreiambulanz, Babysprechstunde; " in told.getvalue()
    assert "gefunden über: schreibaby" in told.getvalue()
    told = StringIO()
    call_command("search_services", "schreibaby", "--limit", "1", "--json", stdout=told)
    assert json.loads(told.getvalue())["results"][0]["categories"] == ["schreiambulanz"]
    with pytest.raises(CommandError, match="Nirgendwo"):
        call_command("search_services", "schreibaby", "--near", "Nirgendwoknatter")
