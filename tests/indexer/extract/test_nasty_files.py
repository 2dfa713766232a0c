"""Files as they should not be give what can be read of them, or say why they give nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cascode_indexer.extract import extract_definitions
from cascode_indexer.indexing.parse import parse_buffer, parse_content
from cascode_indexer.types import SourceFile
from nasty_files import NASTY_FILES, NastyFile


@pytest.mark.parametrize("nasty", NASTY_FILES, ids=lambda nasty: nasty.what)
def test_a_nasty_file_gives_what_is_right(nasty: NastyFile) -> None:
    """From its bytes to its definitions with their lines, as when it is indexed."""
    source = SourceFile(nasty.name, Path(nasty.name), nasty.language, len(nasty.content), 0)
    parsed = parse_content(source, nasty.content)
    found = tuple((item.qualified_name, item.start_line, item.end_line) for item in parsed.definitions)
    assert (parsed.skip_reason or found) == nasty.right
    assert len(parsed.texts) == len(parsed.definitions)


def test_a_buffer_with_lone_surrogates_keeps_its_lines() -> None:
    """An editor may send half a character: it is replaced, and what stands beside it is found."""
    source = SourceFile("a.py", Path("a.py"), "python", 0, 0)
    parsed = parse_buffer(source, "x = '\ud83d'\n\n\ndef first():\n    return '\udc00'\n")
    assert [(item.name, item.start_line, item.end_line) for item in parsed.definitions] == [("first", 4, 5)]


@pytest.mark.parametrize("language", ["bash", "perl"])
@pytest.mark.parametrize("source", ["\x0c\xb6\xd1{\U000c2ca1", "{\U000c3a08\U0001486e\xa4\U0008e310", "{\U00031860"])
def test_characters_of_four_bytes_do_not_end_the_process(language: str, source: str) -> None:
    """The scanners of these grammars look them up in a table of 256 entries."""
    assert not extract_definitions(source, language).definitions


@pytest.mark.parametrize(
    ("language", "source"),
    [("bash", 'größe() {\n  echo "{🚀"\n}\n'), ("perl", "use utf8;\nsub größe {\n  return '{🚀';\n}\n")],
)
def test_names_and_texts_beyond_ascii_are_kept(language: str, source: str) -> None:
    """What stands for them in front of the grammar is not shown."""
    (found,) = extract_definitions(source, language).definitions
    assert found.qualified_name == "größe"
    assert "{🚀" in found.code


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "source",
    [
        "print <<EOF;\n@[ 1",
        "sub f { 1 }\nprint <<EOF;\nxx @[ q{x",
        "print <<EOF;\n${\\ q{\n\n@{[ 1",
        'print <<~ "A B";\n$x @{[\n  A B\n1',
        'print <<<<"EOF";\n<<`ls`\nqq{$x',
        '<<""""{x\n\n$e',
        '=pod\n\n print <<EOF;\n\n=cut\n<<\\EOF . <<"B";\n$y\nEOF\n${\\B',
    ],
)
def test_a_here_document_that_is_being_typed_does_not_hang(source: str) -> None:
    """The scanner of Perl's grammar does not come back from what is interpolated at the end of a file."""
    found = extract_definitions(source, "perl").definitions
    assert [item.name for item in found] == (["f"] if "sub" in source else [])


def test_here_documents_hide_nothing_behind_them() -> None:
    """With an end, without one, two on a line, in a comment, in documentation: what follows is found with its words."""
    source = """\
sub whole { return <<EOF . <<~'B'; }
$name @{[ sub inner { 1 } ]}
EOF
  ${\\ x
  B
sub shift_left { return 1 << 3; }
# like print <<EOF
my $bound = sub { return $_[0]; };

=head2 quoted

 print <<EOF;

=cut

sub quoted { print <<'NEVER'
  }
sub after { return "<<EOF"; }
"""
    found = extract_definitions(source, "perl").definitions
    lines = [(item.name, item.start_line, item.end_line) for item in found]
    assert lines == [("whole", 1, 1), ("shift_left", 6, 6), ("bound", 8, 8), ("quoted", 16, 17), ("after", 18, 18)]
    assert "print <<EOF;" in found[3].doc
    assert "<<'NEVER'" in found[3].code


def test_many_here_documents_without_an_end_are_looked_for_once() -> None:
    """A file of nothing else takes the time of its lines, not of their square."""
    source = "".join(f"<<A{number}\n" for number in range(60_000))
    start = time.thread_time()
    assert not extract_definitions(source, "perl").definitions
    assert time.thread_time() - start < 5
