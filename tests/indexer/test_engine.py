"""The main job on a real workspace: index it, ask, change it, ask again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import QueryError, WorkspaceError
from cascode_indexer.location import locate
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_indexer.store.vector_cache import VectorCache, cache_identity
from cascode_indexer.watch import ChangeBatch
from cascode_models.load import bundled_folder

OpenEngine = Callable[..., Engine]


def names(answer: Answer) -> list[str]:
    """Qualified names of the hits, best first."""
    return [hit.name for hit in answer.hits]


def test_a_question_in_plain_words_finds_the_function_with_its_lines(open_engine: OpenEngine, workspace: Path) -> None:
    """The right function comes first and its lines are those of the file."""
    engine = open_engine(workspace)
    (report,) = engine.update()
    answer = engine.search(SearchRequest("where do we try an upload again after the connection drops"))
    hit = answer.hits[0]
    assert (hit.path, hit.name, hit.start_line, hit.end_line) == ("src/upload.py", "retry_failed_upload", 5, 12)
    assert engine.snippet(hit).startswith("def retry_failed_upload(")
    assert engine.snippet(hit).endswith('raise RuntimeError("the upload failed")')
    assert report.functions == 6
    assert (answer.state, answer.functions, answer.pending) == ("ready", 6, 0)


def test_a_name_finds_its_definition_before_its_test(open_engine: OpenEngine, workspace: Path) -> None:
    """An identifier in any spelling asks for the function of that name."""
    engine = open_engine(workspace)
    engine.update()
    for query in ("retry_failed_upload", "retryFailedUpload"):
        assert names(engine.search(SearchRequest(query)))[0] == "retry_failed_upload"
    assert names(engine.search(SearchRequest("Queue.pop")))[0] == "Queue.pop"


def test_a_path_finds_the_functions_of_that_file(open_engine: OpenEngine, workspace: Path) -> None:
    """A query that is a path is answered from that file."""
    engine = open_engine(workspace)
    engine.update()
    hits = engine.search(SearchRequest("src/queue.js", limit=2)).hits
    assert {hit.path for hit in hits} == {"src/queue.js"}


def test_the_second_run_encodes_nothing(open_engine: OpenEngine, workspace: Path) -> None:
    """Nothing changed, nothing is read or encoded, also after a restart."""
    assert open_engine(workspace).update()[0].encoded == 6
    again = open_engine(workspace).update()[0]
    assert (again.files_changed, again.encoded) == (0, 0)


def test_a_rename_a_clone_and_a_branch_switch_encode_nothing_twice(
    open_engine: OpenEngine, workspace: Path, tmp_path: Path
) -> None:
    """Vectors belong to the text of a function, not to its place."""
    engine = open_engine(workspace)
    engine.update()
    (workspace / "src").rename(workspace / "library")
    assert engine.update()[0].encoded == 0
    clone = tmp_path / "clone"
    shutil.copytree(workspace, clone)
    assert open_engine(clone).update()[0].encoded == 0
    file = workspace / "library" / "upload.py"
    before = file.read_text()
    file.write_text(before.replace("attempts=3", "attempts=5"))
    assert engine.update()[0].encoded == 1
    file.write_text(before)
    assert engine.update()[0].encoded == 0
    assert names(engine.search(SearchRequest("turn a size in megabytes into bytes")))[0] == "parse_size"


def test_an_edit_is_found_and_what_was_deleted_is_not(open_engine: OpenEngine, workspace: Path) -> None:
    """A watcher's batch brings the index up to date."""
    engine = open_engine(workspace)
    engine.update()
    (workspace / "src" / "mail.py").write_text('def send_mail(to):\n    """Send an email."""\n    return smtp(to)\n')
    (workspace / "src" / "queue.js").unlink()
    engine.apply(ChangeBatch(workspace, frozenset({"src/mail.py"}), frozenset({"src/queue.js"}), False))
    assert names(engine.search(SearchRequest("send an email to somebody")))[0] == "send_mail"
    assert not any(name.startswith("Queue") for name in names(engine.search(SearchRequest("put a job in the queue"))))


def test_a_deleted_folder_takes_its_files_along(open_engine: OpenEngine, workspace: Path) -> None:
    """Windows reports its path alone, and not that it was a folder; a folder that is still there keeps its files."""
    for folder in ("src", "src-2"):  # "-" comes before "/"
        (workspace / folder / "mail").mkdir(parents=True)
        (workspace / folder / "mail" / "send.py").write_text("def send_mail(to):\n    return smtp(to)\n")
    engine = open_engine(workspace)
    before = engine.update()[0].files
    deleted = ChangeBatch(workspace, frozenset(), frozenset({"src"}), False)
    assert engine.apply(deleted).files_removed == 0
    inside = sum(file.is_file() for file in (workspace / "src").rglob("*"))
    shutil.rmtree(workspace / "src")
    report = engine.apply(deleted)
    assert (report.files_removed, report.files) == (inside, before - inside)
    found = {hit.path for hit in engine.search(SearchRequest("mail", limit=50)).hits}
    assert "src-2/mail/send.py" in found
    assert not any(path.startswith("src/") for path in found)


def test_a_hit_whose_file_changed_is_relocated_or_dropped(open_engine: OpenEngine, workspace: Path) -> None:
    """Lines are checked at answer time: they are right although the index has not seen the edit."""
    engine = open_engine(workspace)
    engine.update()
    file = workspace / "src" / "upload.py"
    file.write_text("# one\n# two\n# three\n" + file.read_text())
    hit = engine.search(SearchRequest("retry_failed_upload")).hits[0]
    assert (hit.start_line, hit.end_line) == (8, 15)
    file.write_text("x = 1\n")
    answer = engine.search(SearchRequest("retry_failed_upload"))
    assert "retry_failed_upload" not in names(answer)
    assert answer.dropped == 2


def test_filters_keep_only_what_they_name(open_engine: OpenEngine, workspace: Path) -> None:
    """Language (by alias too), kind and path globs."""
    engine = open_engine(workspace)
    engine.update()
    query = "put an upload into the queue"
    assert {hit.language for hit in engine.search(SearchRequest(query, languages=("js",))).hits} == {"javascript"}
    assert {hit.kind for hit in engine.search(SearchRequest(query, kinds=("method",))).hits} == {"method"}
    hits = engine.search(SearchRequest(query, paths=("tests/**",))).hits
    assert [hit.path for hit in hits] == ["tests/test_upload.py"]
    assert engine.search(SearchRequest(query, paths=("./tests/",))).hits == hits, "as a shell completes it"
    for paths in (("!tests/",), ("!./tests/",), ("**", "!tests/**")):
        outside = {hit.path for hit in engine.search(SearchRequest(query, paths=paths)).hits}
        assert outside == {"src/queue.js", "src/upload.py"}, paths


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (SearchRequest("  "), "the query is empty"),
        (SearchRequest("x", languages=("klingon",)), "unknown language 'klingon'; known: .*python"),
        (SearchRequest("x", kinds=("table",)), "unknown kind 'table'; known: .*method"),
        (SearchRequest("x", limit=0), "limit must be 1 or more"),
        (SearchRequest("x", paths=("[",)), r"path '\[' matches no file"),
        (SearchRequest("x", paths=("",)), "path '' matches no file"),
        (SearchRequest("x", paths=("src/", "!")), "path '!' matches no file"),
        (SearchRequest("x", paths=("../other/**",)), "path '../other/.*' matches no file"),
    ],
)
def test_an_invalid_request_says_what_is_wrong(
    open_engine: OpenEngine, workspace: Path, request_: SearchRequest, message: str
) -> None:
    """One line with the value and what is possible."""
    with pytest.raises(QueryError, match=message):
        open_engine(workspace).search(request_)


def test_a_query_of_ten_thousand_words_is_answered(open_engine: OpenEngine, workspace: Path) -> None:
    """Pasted text is a question like any other."""
    engine = open_engine(workspace)
    engine.update()
    assert engine.search(SearchRequest("retry the failed upload " * 2500)).hits


def test_signs_that_mean_something_to_full_text_search_are_words(open_engine: OpenEngine, workspace: Path) -> None:
    """No query is an FTS5 syntax error."""
    engine = open_engine(workspace)
    engine.update()
    for query in (
        '"',
        "a AND NOT (",
        "upload*",
        "name:upload",
        "NEAR(upload, 2)",
        "'; DROP TABLE files; --",
        "\x00",
        "\ud800 x",
    ):
        engine.search(SearchRequest(query))


def test_several_workspaces_are_one_ranking(open_engine: OpenEngine, workspace: Path, tmp_path: Path) -> None:
    """Hits of two roots are merged; a root inside another is not searched twice."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "image.py").write_text('def resize_image(image, width):\n    """Scale a picture."""\n    return image\n')
    engine = open_engine(workspace, other, workspace / "src")
    assert len(engine.update()) == 2
    hit = engine.search(SearchRequest("scale a picture to a width")).hits[0]
    assert (hit.root, hit.name) == (other, "resize_image")
    assert len({(hit.root, hit.path, hit.start_line) for hit in engine.search(SearchRequest("upload")).hits}) == 7


def test_the_fast_answer_comes_first(open_engine: OpenEngine, workspace: Path) -> None:
    """Two-phase: a list at once, then that of texts read; without reranking only the fast stage's."""
    engine = open_engine(workspace)
    engine.update()
    first: list[Answer] = []
    answer = engine.search(SearchRequest("upload again", rerank_top=3), on_fast=first.append)
    assert {hit.stage for hit in first[0].hits} == {"cascade"}, "kept states were read"
    assert {hit.stage for hit in answer.hits} == {"cascade"}
    assert [hit.score for hit in first[0].hits] != [hit.score for hit in answer.hits]
    once: list[Answer] = []
    engine.search(SearchRequest("upload again"), on_fast=once.append)
    assert not once, "nothing is to come after kept states"
    assert all(0 <= (hit.probability or 0) <= 1 for hit in answer.hits)
    unranked = engine.search(SearchRequest("upload", rerank=False, rerank_top=3))
    assert {hit.stage for hit in unranked.hits} == {"fast"}


def test_reranked_scores_stay_on_the_scale_of_the_fast_ones(open_engine: OpenEngine, workspace: Path) -> None:
    """The classifier moves candidates apart no further than similarities are, so that names keep their weight."""
    engine = open_engine(workspace)
    engine.update()
    first: list[Answer] = []
    answer = engine.search(SearchRequest("try it again", rerank_top=10), on_fast=first.append)
    before = {hit.name: hit.score for hit in first[0].hits}
    after = {hit.name: hit.score for hit in answer.hits}
    assert before.keys() == after.keys()
    assert before != after
    assert sum(after.values()) == pytest.approx(sum(before.values()), abs=1e-4)
    spread = max(before.values()) - min(before.values())
    assert max(after.values()) - min(after.values()) < 2 * spread
    assert [hit.score for hit in answer.hits] == sorted(after.values(), reverse=True)


def test_reranking_is_on_where_the_model_gains_by_it(open_engine: OpenEngine, workspace: Path, tmp_path: Path) -> None:
    """The default K follows the weight that was measured for the classifier: 0 reads nothing, more reads ten."""
    for weight, stage in ((0.0, "fast"), (1.0, "cascade")):
        folder = tmp_path / f"model-{weight}"
        shutil.copytree(bundled_folder(), folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"fusion_weight": weight}))
        with Engine([workspace], model=str(folder)) as engine:
            engine.update()
            assert {hit.stage for hit in engine.search(SearchRequest("upload")).hits} == {stage}


def test_nothing_matches_well_is_said(open_engine: OpenEngine, workspace: Path) -> None:
    """A question about something else gives weak hits and a warning; a good one does not."""
    engine = open_engine(workspace)
    engine.update()
    assert engine.search(SearchRequest("try an upload again when the connection drops")).confident
    answer = engine.search(SearchRequest("render a spinning cube with shadows"))
    assert not answer.confident
    assert all(hit.doubtful and hit.match != "likely" for hit in answer.hits)


def test_similar_code_is_found_by_its_place(open_engine: OpenEngine, workspace: Path) -> None:
    """Code to code; the function itself is not its own answer."""
    copy = (workspace / "src" / "upload.py").read_text().replace("upload", "download")
    (workspace / "src" / "download.py").write_text(copy)
    engine = open_engine(workspace)
    engine.update()
    answer = engine.similar(workspace / "src" / "upload.py", 8)
    assert answer.hits[0].name == "retry_failed_download"
    assert "retry_failed_upload" not in names(answer)
    with pytest.raises(QueryError, match="no definition at line 2"):
        engine.similar(workspace / "src" / "upload.py", 2)
    with pytest.raises(QueryError, match="is not in any of the workspaces"):
        engine.similar(workspace.parent / "elsewhere.py", 1)


def test_words_find_functions_before_they_have_vectors(open_engine: OpenEngine, workspace: Path) -> None:
    """An index cut off before encoding answers by words and says that it is not complete."""
    engine = open_engine(workspace)
    phases: list[str] = []
    engine.update(on_progress=lambda progress: phases.append(progress.phase), cancelled=lambda: "encode" in phases)
    answer = engine.search(SearchRequest("retry upload"))
    assert (answer.state, answer.pending) == ("indexing", 6)
    assert "retry_failed_upload" in names(answer)
    engine.update()
    assert engine.search(SearchRequest("retry upload")).state == "ready"


def test_an_empty_workspace_has_no_hits(open_engine: OpenEngine, tmp_path: Path) -> None:
    """No functions: no hits and no error."""
    (tmp_path / "empty").mkdir()
    engine = open_engine(tmp_path / "empty")
    assert engine.update()[0].functions == 0
    assert engine.search(SearchRequest("anything")).hits == ()


def test_a_missing_workspace_is_named(open_engine: OpenEngine, tmp_path: Path) -> None:
    """The message carries the folder."""
    with pytest.raises(WorkspaceError, match="nowhere"):
        open_engine(tmp_path / "nowhere")


def test_hostile_files_are_skipped_and_counted(open_engine: OpenEngine, workspace: Path) -> None:
    """Large, binary, one-line and undecodable files stop nothing and are not forgotten."""
    source = workspace / "src"
    with (source / "huge.py").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (source / "nul.py").write_bytes(b"def a():\n    pass\n\x00\x01\x02" * 50)
    (source / "line.js").write_text("var a=" + "1+" * 400_000 + "1\n")
    (source / "deep.py").write_text("x = " + "(\n" * 20_000 + ")\n" * 20_000)
    (source / "latin.py").write_bytes("def grüße():\n    return 'é'\n".encode("latin-1"))
    engine = open_engine(workspace)
    (report,) = engine.update()
    skipped = report.skipped.as_dict()
    assert skipped["too_large"] == 1
    assert skipped["binary"] == 1
    assert skipped["line_too_long"] == 1
    assert report.functions >= 5
    # What was read once and skipped for its content is not read again.
    again = engine.update()[0]
    assert again.files_changed == 0
    assert again.skipped.as_dict() == skipped


def test_the_index_is_readable_by_its_owner_only(open_engine: OpenEngine, workspace: Path, index_folder: Path) -> None:
    """It holds the source of a private workspace; and the workspace itself stays untouched."""
    before = sorted(path for path in workspace.rglob("*"))
    open_engine(workspace).update()
    assert sorted(path for path in workspace.rglob("*")) == before
    for path in [index_folder, *index_folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_vectors_of_another_model_are_never_used(open_engine: OpenEngine, workspace: Path) -> None:
    """An index made by another model or version is noticed and encoded again."""
    engine = open_engine(workspace)
    engine.update()
    store = engine.workspaces[0].store
    store.set_meta("model", "another-model")
    store.set_meta("model_label", "another-label")
    answer = engine.search(SearchRequest("upload"))
    assert answer.hits
    assert (answer.state, answer.pending) == ("indexing", 6), "no function has a vector of this model"
    report = open_engine(workspace).update()[0]
    assert report.encoded == 0, "the vector cache knew this model's vectors"
    assert open_engine(workspace).search(SearchRequest("put a job at the end")).hits[0].name == "Queue.push"
    store.set_meta("versions", "0.0")
    assert open_engine(workspace).update()[0].files_changed == 3


@pytest.mark.parametrize("file", ["index.sqlite3", "vectors.faiss", "vectors.faiss.json", "cache"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.9, 0.99])
def test_a_truncated_index_is_made_again(
    open_engine: OpenEngine, workspace: Path, index_folder: Path, file: str, share: float
) -> None:
    """Whatever file is cut wherever, the next run ends with the same functions."""
    engine = open_engine(workspace)
    engine.update()
    expected = engine.search(SearchRequest("turn a size in megabytes into bytes")).hits
    engine.close()
    directory = locate(workspace).directory
    path = index_folder / "v1" / "vectors.sqlite3" if file == "cache" else directory / file
    for journal in ("-wal", "-shm"):
        path.with_name(path.name + journal).unlink(missing_ok=True)
    os.truncate(path, int(path.stat().st_size * share))
    again = open_engine(workspace)
    (report,) = again.update()
    assert (report.functions, again.workspaces[0].store.counts().pending) == (6, 0)
    hits = again.search(SearchRequest("turn a size in megabytes into bytes")).hits
    assert [(hit.name, hit.start_line) for hit in hits] == [(hit.name, hit.start_line) for hit in expected]


def test_a_cache_that_another_process_replaced_is_opened_again(
    open_engine: OpenEngine, workspace: Path, index_folder: Path
) -> None:
    """What was encoded into the old file is encoded into the new one, and no later update waits for the model."""
    first = open_engine(workspace)
    first.update()
    path = index_folder / "v1" / "vectors.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    VectorCache(path, "another model", 4).close()
    assert first.update()[0].encoded == 6
    assert str(first.workspaces[0].store.get_meta("cache")).split()[0] == cache_identity(path)
    assert first.update()[0].encoded == 0
    assert first.search(SearchRequest("put a job at the end")).hits[0].stage == "cascade"
    first.close()
    again = open_engine(workspace)
    assert again.update()[0].encoded == 0


def test_two_engines_see_each_others_updates(open_engine: OpenEngine, workspace: Path) -> None:
    """One writes, both answer: a reader notices what another connection committed."""
    writer, reader = open_engine(workspace), open_engine(workspace)
    writer.update()
    assert reader.search(SearchRequest("retry_failed_upload")).hits
    (workspace / "src" / "mail.py").write_text('def send_mail(to):\n    """Send an email."""\n    return smtp(to)\n')
    writer.update()
    assert names(reader.search(SearchRequest("send an email")))[0] == "send_mail"
    with writer.workspaces[0]._right.holding("scan", lambda: False):
        assert reader.update()[0].read_only
