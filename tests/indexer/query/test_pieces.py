"""Long texts in pieces."""

from __future__ import annotations

from cascode_indexer.query import Query, QueryKind
from cascode_indexer.query.pieces import MOST_PIECES, pieces_of

REPORT = """Uploads hang after a lost connection

When the server closes the connection the client waits for ever.

Traceback (most recent call last):
  File "/home/ann/shop/cart.py", line 12, in add
    raise ValueError(item)
ValueError: no cart
"""


def test_a_question_is_one_piece_as_it_is() -> None:
    """Blanks and all: the encoder reads what was asked."""
    assert pieces_of(" where do we  retry? ") == (" where do we  retry? ",)
    assert pieces_of("") == ("",)


def test_every_word_of_a_report_is_in_a_piece_but_the_frames() -> None:
    """Frames are places; the message and the prose are words."""
    text = " ".join(pieces_of(REPORT))
    assert "Uploads hang after a lost connection" in text
    assert "ValueError: no cart" in text
    assert "cart.py" not in text
    assert "Traceback" not in text


def test_frames_behind_a_prefix_are_left_out() -> None:
    """Those of docker compose and of an exception group, and those that pytest prints."""
    text = (
        'web_1  |   File "/app/checkout.py", line 12, in add\n  |   File "/app/basket.py", line 3, in run\n'
        "tests/test_door.py:12:\nshop/gate.py:30: in shut\nweb_1  | ValueError: no cart\n"
    )
    (piece,) = pieces_of(text)
    assert "no cart" in piece
    assert not any(word in piece for word in ("checkout", "basket", "door", "gate"))


def test_no_piece_is_too_long_and_none_is_lost() -> None:
    """Forty words a piece; what is beyond the last piece joins it."""
    words = [f"word{number}" for number in range(1000)]
    pieces = pieces_of(" ".join(words))
    assert len(pieces) == MOST_PIECES
    assert " ".join(pieces).split() == words
    assert all(len(piece.split()) == 40 for piece in pieces[:-1])


def test_a_text_of_nothing_but_frames_stays() -> None:
    """Something has to be encoded."""
    frames = '  File "a.py", line 1, in f\n  File "b.py", line 2, in g\n'
    assert pieces_of(frames) == (frames,)


def test_a_report_is_recognised() -> None:
    """By its frames or by its length; a place alone is a path."""
    report = Query.of(REPORT)
    assert report.kind is QueryKind.REPORT
    assert report.frames[0].name == "add"
    assert "cart" in report.terms
    assert "ann" not in report.terms
    assert Query.of(" ".join(["retry the upload"] * 30)).kind is QueryKind.REPORT
    assert Query.of("cart.py:12").kind is QueryKind.PATH
    assert Query.of("what fails in cart.py:12").kind is QueryKind.REPORT
    assert Query.of("where do we retry").kind is QueryKind.SENTENCE
