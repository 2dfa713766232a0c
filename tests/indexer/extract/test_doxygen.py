"""Comments of C and C++."""

from __future__ import annotations

import pytest

from cascode_indexer.extract.doxygen import plain_comment
from cascode_lab.corpus.query_text import query_of


@pytest.mark.parametrize(
    ("doc", "name", "query"),
    [
        ("Opens the front door.", "open_door", "Opens the front door."),
        ("open_door - open the front door", "open_door", "open the front door"),
        ("open_door(d, angle) -- open the front door", "open_door", "open the front door"),
        ("Door::open: open the front door", "house.Door.open", "open the front door"),
        ("open_door:\n@d: the door\n@angle: how wide\n\nOpens the front door.", "open_door", "Opens the front door."),
        ("@ingroup doors\n@brief Opens the front door.", "open_door", "Opens the front door."),
        ("Description:\nOpen the front door.", "open_door", "Open the front door."),
        ("Opens the door @a d by \\c angle degrees.", "open_door", "Opens the door d by angle degrees."),
        ("Opens the front door.\n\\retval 0 it is open", "open_door", "Opens the front door."),
        ("Sends mail to me@a b.org at once", "send", "Sends mail to me@a b.org at once"),
        (
            "open_door_wide - opens a door more than this one does",
            "open_door",
            "open_door_wide - opens a door more than this one does",
        ),
    ],
)
def test_the_sentence_is_left(doc: str, name: str, query: str) -> None:
    """Name, parameters and commands go, the text stays as it is written."""
    assert query_of(plain_comment(doc, name)) == (query, None)


@pytest.mark.parametrize(
    "doc",
    [
        "%%%%%%%%%%%%%%%\n%  T r a n s f o r m  %\n%%%%%%%%%",
        "Class:     Door\nMethod:    open\nSignature: (J)V",
    ],
)
def test_banners_and_forms_say_nothing(doc: str) -> None:
    """They are no sentence."""
    assert plain_comment(doc, "open") == ""
