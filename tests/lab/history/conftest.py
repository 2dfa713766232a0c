"""A repository that a test can commit to."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_history import History

#: A file of three definitions and a line outside of them.
CLIENT = """import time

RETRIES = 3


class Client:
    def send(self, request):
        self.socket.write(request)
        return self.socket.read()

    def close(self):
        self.socket.close()


def connect(host):
    return Client(host)
"""


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A repository with one commit, of ``client.py``."""
    made = History(tmp_path / "clone")
    made.commit("Initial import of the client", {"client.py": CLIENT})
    return made
