"""Entry point of the program: what editors start goes past everything that commands need."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

#: What an editor may add to ``serve``; whatever else there is, the command reads it, and explains it.
_EDITOR_ARGUMENT = re.compile(r"--shared|--stdio|--clientProcessId=([1-9]\d{0,9})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status.

    Args:
        arguments: What stands after the program's name; that of this process when None.

    Raises:
        SystemExit: Always.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    found = [_EDITOR_ARGUMENT.fullmatch(argument) for argument in given[1:]]
    if given[:1] == ["serve"] and all(found):
        if "--shared" in given:
            from cascode_server.relay.relay import leave_with, relay

            process_id = next((int(match[1]) for match in found if match is not None and match[1]), None)
            leave_with(lambda: relay(process_id))
        from cascode_server.lsp.stdio import begin

        begin()
    from cascode_server.cli.commands import run

    sys.exit(run(arguments))
