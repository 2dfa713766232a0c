"""From the commits of a real repository to pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cascode_lab.history.git import GitRepository
from cascode_lab.history.mine import Mined, mine
from cascode_lab.history.output import write_rows
from git_history import History

from .conftest import CLIENT

SUBJECT = "Keep the connection open after a short answer"


def mined(history: History, **options: int) -> Mined:
    """What a repository gives."""
    return mine(GitRepository.open(history.folder), **options)


def answers(found: Mined) -> list[list[str]]:
    """Qualified names of each pair's answers."""
    return [[place.definition.qualified_name for place in pair.answers] for pair in found.pairs]


def test_a_commit_asks_for_the_function_that_it_changed(history: History) -> None:
    """The answer stands as it did before; the rest of the message is the body, the rest of the file the neighbours."""
    changed = CLIENT.replace("return self.socket.read()", "return self.socket.read(limit=LIMIT)")
    sha = history.commit(
        f"fix(net): {SUBJECT} (#12)\n\nServers answer in pieces.\n\nCloses #12", {"client.py": changed}
    )
    found = mined(history)
    [pair] = found.pairs
    assert (pair.query, pair.body, pair.named) == (SUBJECT, "Servers answer in pieces.", False)
    [row] = [pair.row("own/clone")]
    assert (row["commit"], row["repository"]) == (sha, "own/clone")
    assert row["parent"] == history.git("rev-parse", f"{sha}^")
    [answer] = row["answers"]
    assert (answer["path"], answer["name"], answer["kind"]) == ("client.py", "Client.send", "method")
    assert (answer["start_line"], answer["end_line"]) == (7, 9)
    assert "read()" in answer["code"]
    assert "LIMIT" not in answer["code"]
    assert {neighbour["name"] for neighbour in row["neighbours"]} == {"Client.close", "connect"}
    assert found.dropped["first commit"] == 1


def test_an_insertion_asks_for_the_function_around_it(history: History) -> None:
    """Lines that are only added belong to the definition that encloses them."""
    changed = CLIENT.replace("    def close(self):\n", "    def close(self):\n        self.flush()\n")
    history.commit("Flush what is pending before hanging up", {"client.py": changed})
    assert answers(mined(history)) == [["Client.close"]]


def test_a_new_function_is_no_answer(history: History) -> None:
    """It did not stand there before: neither it nor the one that it follows is meant."""
    after_last = CLIENT + "\n\ndef connect_all(hosts):\n    return [connect(host) for host in hosts]\n"
    history.commit("Connect to several hosts at once", {"client.py": after_last})
    between = after_last.replace(
        "    def close(self):", "    def reset(self):\n        self.open()\n\n    def close(self):"
    )
    history.commit("Let a client start from scratch", {"client.py": between})
    found = mined(history)
    assert found.pairs == []
    assert found.dropped["no definition changed"] == 2


def test_a_type_answers_for_its_own_lines(history: History) -> None:
    """A field, a base, a variant ask for the type; a changed or a new method of it does not."""
    door = "import enum\n\n\nclass Door(Wall):\n    width = 1\n\n    def open(self):\n        self.turn()\n"
    history.commit("Add doors of one width", {"door.py": door})
    wide = door.replace("width = 1", "width = 2")
    history.commit("Give every door twice its width", {"door.py": wide})
    field = wide.replace("    width = 2\n", "    width = 2\n    height = 3\n")
    history.commit("Let people say how high it is", {"door.py": field})
    based = field.replace("Door(Wall)", "Door(Wall, Lock)")
    history.commit("Lock what can be opened by anyone", {"door.py": based})
    turned = based.replace("self.turn()", "self.turn(90)")
    history.commit("Turn it as far as walls allow", {"door.py": turned})
    bolt = "    # Safe.\n    def bolt(self):\n        pass\n\n"
    bolted = turned.replace("    def open", bolt + "    def open")
    history.commit("Bolt it from the inside at night", {"door.py": bolted})
    history.commit("Tell readers that bolts are safe", {"door.py": bolted.replace("# Safe", "# Quite\n    # safe")})
    assert answers(mined(history)) == [["Door.open"], ["Door"], ["Door"], ["Door"]]


def test_a_type_does_not_answer_beside_its_members(history: History) -> None:
    """A field that comes with a method, in whichever file that stands, is no matter of its own; another type's is."""
    head = "class Door {\n  int width;\n  void open();\n};\n\nstruct Wall {\n  int height;\n};\n"
    body = '#include "door.h"\n\nvoid Door::open() {\n  turn();\n}\n'
    history.commit("Add doors that can be opened", {"door.h": head, "door.cc": body})
    wide = head.replace("int width;", "long width;")
    turned = body.replace("turn();", "turn(width);")
    history.commit("Turn a door by what it measures", {"door.h": wide, "door.cc": turned})
    high = wide.replace("int height;", "long height;")
    history.commit("Let walls be higher than doors", {"door.h": high, "door.cc": turned.replace("width", "2 * width")})
    assert [sorted(names) for names in answers(mined(history))] == [["Door.open", "Wall"], ["Door.open"]]


def test_a_module_is_no_answer(history: History) -> None:
    """A documented namespace is a place: what changes inside of it directly is not asked for."""
    code = "# Doors and what opens them.\nmodule Doors\n  WIDTH = 1\n\n  def self.open\n    turn\n  end\nend\n"
    history.commit("Add doors in another language", {"doors.rb": code})
    history.commit("Make the doors as wide as two", {"doors.rb": code.replace("WIDTH = 1", "WIDTH = 2")})
    assert mined(history).dropped["no definition changed"] == 1


def test_the_innermost_function_answers(history: History) -> None:
    """A change inside a nested function asks for that one; a change beside it for the outer one."""
    nested = "def outer(items):\n    def inner(item):\n        return item\n\n    return map(inner, items)\n"
    history.commit("Add a way to map the items", {"nested.py": nested})
    inner = nested.replace("return item\n", "return item.copy()\n")
    history.commit("Copy items before handing them out", {"nested.py": inner})
    history.commit(
        "Give a list instead of an iterator", {"nested.py": inner.replace("map(inner, items)", "[*map(inner, items)]")}
    )
    assert answers(mined(history)) == [["outer"], ["outer.inner"]]


def test_windows_line_ends_keep_their_lines(history: History) -> None:
    """Lines of git and of the extractor agree in a file with CRLF."""
    crlf = CLIENT.replace("\n", "\r\n")
    history.commit("Add a second client for other systems", {"other.py": crlf})
    history.commit(
        "Wait for the socket before closing it", {"other.py": crlf.replace("self.socket.close()", "self.socket.shut()")}
    )
    [pair] = mined(history).pairs
    assert [place.key for place in pair.answers] == [("other.py", "Client.close")]


def test_a_file_whose_lines_are_unknown_is_left_out(history: History) -> None:
    """A lone carriage return ends a line for the extractor and not for git."""
    odd = CLIENT.replace("import time\n", "import time\rimport os\n")
    history.commit("Add a client with an odd line end", {"odd.py": odd})
    history.commit("Wait for the socket before closing it", {"odd.py": odd.replace("socket.close", "socket.shut")})
    assert mined(history).dropped["file with lone carriage returns"] == 1


def test_merges_are_not_asked(history: History) -> None:
    """A merge repeats what its commits say; the commits of its branch count."""
    history.git("switch", "--quiet", "--create", "side")
    history.commit(SUBJECT, {"client.py": CLIENT.replace("socket.read()", "socket.read(1)")})
    history.git("switch", "--quiet", "main")
    history.commit("Count the retries of the client in another way", {"note.txt": "x"})
    history.merge("side", "Keep connections of the side branch open")
    assert [pair.query for pair in mined(history).pairs] == [SUBJECT]


@pytest.mark.parametrize(
    ("message", "files", "author", "rule"),
    [
        ('Revert "Keep the connection open after all"', {"client.py": CLIENT.replace("close", "shut")}, None, "revert"),
        (
            "Rename the close method of the client",
            {"client.py": CLIENT.replace("close", "shut")},
            None,
            "rename or move",
        ),
        (
            "Teach the client to hang up early",
            {"client.py": CLIENT.replace("socket.close", "socket.shut")},
            "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
            "bot",
        ),
        ("Keep it open", {"client.py": CLIENT.replace("socket.close", "socket.shut")}, None, "too few words"),
        ("Answer what people ask most often about it", {"faq.md": "Because.\n"}, None, "no source file"),
        ("Check that a closed client stays closed", {"tests/test_client.py": CLIENT}, None, "no source file"),
        ("Show how a client is used by others", {"examples/client.py": CLIENT}, None, "no source file"),
        ("Keep clients of the new sort in a pool", {"pool.py": CLIENT}, None, "adds a file"),
        (
            "Keep the client's code where servers live",
            {"client.py": None, "server/x.py": CLIENT},
            None,
            "moves or deletes a file",
        ),
        (
            "Explain why the client hangs up here",
            {"client.py": CLIENT.replace("    def close", "    # Why?\n    def close")},
            None,
            "comments or layout only",
        ),
        (
            "Lay the client's methods out differently",
            {"client.py": CLIENT.replace("write(request)", "write( request )")},
            None,
            "comments or layout only",
        ),
        (
            "Try more often before the client gives up",
            {"client.py": CLIENT.replace("= 3", "= 5")},
            None,
            "no definition changed",
        ),
        (
            "Behalte die Verbindung nach der kurzen Antwort für den Fall",
            {"client.py": CLIENT.replace("socket.close", "x")},
            None,
            "not English prose",
        ),
    ],
)
def test_housekeeping_gives_no_pair(
    history: History, message: str, files: dict[str, str | bytes | None], author: str | None, rule: str
) -> None:
    """Each rule drops its commits, and says how many."""
    history.commit(message, files, author=author)
    found = mined(history)
    assert found.pairs == []
    assert dict(found.dropped) == {"first commit": 1, rule: 1}


def test_a_sweep_gives_no_pair(history: History) -> None:
    """More than three changed definitions, or more than two changed source files, answer no question."""
    many = "".join(f"def open_{n}(door):\n    return door.open({n})\n\n\n" for n in range(4))
    history.commit("Add doors of four sorts", {"doors.py": many})
    history.commit("Let every door answer whether it opened", {"doors.py": many.replace("return ", "assert ")})
    files = {f"gate{n}.py": many for n in range(3)}
    history.commit("Add gates beside the doors", files)
    history.commit("Let gates answer whether they opened", {name: many.replace("open(0)", "open(9)") for name in files})
    found = mined(history)
    assert found.pairs == []
    assert (found.dropped["too many definitions"], found.dropped["too many source files"]) == (1, 1)


def test_tests_in_the_same_file_are_no_answers(history: History) -> None:
    """Rust keeps unit tests beside the code: the code answers alone."""
    code = "fn open(door: u8) -> u8 {\n    door\n}\n\nmod tests {\n    fn opens() {\n        check(1);\n    }\n}\n"
    history.commit("Add doors in another language", {"door.rs": code})
    history.commit(
        "Open doors twice as wide as before",
        {"door.rs": code.replace("    door\n", "    door * 2\n").replace("check(1)", "check(2)")},
    )
    assert answers(mined(history)) == [["open"]]


def test_a_path_that_is_no_text_is_left_out(history: History) -> None:
    """Its name could not be written down; other files go on."""
    blob = history.git("rev-parse", "HEAD:client.py")
    history.git("config", "core.protectNTFS", "false")
    for content in (CLIENT, CLIENT.replace("socket.close", "socket.shut")):
        (history.folder / "new").write_text(content, encoding="utf-8")
        blob = history.git("hash-object", "-w", "new")
        tree = history.folder / "tree"
        tree.write_bytes(f"100644 blob {blob}\t".encode() + b"caf\xe9.py\0")
        with tree.open("rb") as stream:
            import subprocess

            made = subprocess.run(
                ["git", "mktree", "-z"], cwd=history.folder, stdin=stream, capture_output=True, check=True
            )
        commit = history.git(
            "commit-tree",
            made.stdout.decode().strip(),
            "-p",
            "HEAD",
            "-m",
            SUBJECT,
            env={"GIT_COMMITTER_DATE": "1800000000 +0000"},
        )
        history.git("update-ref", "HEAD", commit)
    found = mined(history)
    assert found.pairs == []
    assert found.dropped["path not UTF-8"] == 1


def test_the_same_words_ask_once(history: History) -> None:
    """Of commits with one subject the newest counts."""
    history.commit(SUBJECT, {"client.py": CLIENT.replace("socket.close", "socket.shut")})
    newest = history.commit(f"{SUBJECT.lower()}.", {"client.py": CLIENT.replace("socket.read", "socket.get")})
    found = mined(history)
    assert [pair.commit.sha for pair in found.pairs] == [newest]
    assert found.dropped["repeated subject"] == 1


def test_only_the_newest_candidates_are_read(history: History) -> None:
    """The bound counts commits whose words and files allow a question."""
    for number in range(4):
        history.commit(
            f"Wait {number} seconds before hanging up",
            {"client.py": CLIENT.replace("3", str(4 + number)).replace("socket.close()", f"socket.close({number})")},
        )
    assert [pair.query[5] for pair in mined(history, limit=2).pairs] == ["3", "2"]
    assert [pair.query[5] for pair in mined(history, enough=1).pairs] == ["3"]


def test_a_missing_object_costs_its_commit_alone(history: History) -> None:
    """A clone may lack large files: the other commits are still read."""
    history.commit(
        "Wait a second before hanging up", {"client.py": CLIENT.replace("socket.close()", "socket.close(1)")}
    )
    history.commit(
        "Wait two seconds before hanging up",
        {"client.py": CLIENT.replace("socket.close()", "socket.close(2)"), "big.txt": "much\n"},
    )
    history.commit(
        "Wait three seconds before hanging up", {"client.py": CLIENT.replace("socket.close()", "socket.close(3)")}
    )
    blob = history.git("rev-parse", "HEAD:big.txt")
    (history.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found = mined(history)
    assert [pair.query.split()[1] for pair in found.pairs] == ["three", "a"]
    assert found.dropped["object missing"] == 1


def test_no_half_file_is_left(tmp_path: Path) -> None:
    """A stop while writing leaves neither the file nor a part of it."""

    def stopping() -> object:
        yield {"query": "one"}
        raise KeyboardInterrupt

    path = tmp_path / "pairs" / "own__clone.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_rows(path, stopping())  # type: ignore[arg-type]
    assert list(path.parent.iterdir()) == []
    write_rows(path, [{"query": "lone \ud800 surrogate"}])
    assert json.loads(path.read_text(encoding="utf-8"))["query"] == "lone ? surrogate"
