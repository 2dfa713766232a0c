"""Real git repositories for tests, made by git itself."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

_QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada Person",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Person",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}
#: Time of the first commit; each further one comes a day later, so that their order is certain.
_FIRST = 1_700_000_000
_DAY = 86_400


class History:
    """A repository that a test writes, commit by commit.

    Args:
        folder: Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commits = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "core.autocrlf", "false")
        self.git("config", "commit.gpgsign", "false")

    def git(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        """Run git in the repository and return what it prints."""
        return self.git_in(self.folder, *arguments, env=env)

    @staticmethod
    def git_in(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
        """Run git in a folder, such as a clone of the repository, and return what it prints."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env={**kept, **_QUIET, **(env or {})}, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(
        self,
        message: str,
        files: dict[str, str | bytes | None],
        *,
        author: str | None = None,
        time: int | None = None,
    ) -> str:
        """Write files (None deletes one) and commit them, a day after the last commit where no time is given."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        return self._record("commit", "--quiet", "--allow-empty", "--message", message, author=author, time=time)

    def merge(self, branch: str, message: str) -> str:
        """Merge a branch with a commit of its own."""
        return self._record("merge", "--quiet", "--no-ff", "--message", message, branch)

    def _record(self, *arguments: str, author: str | None = None, time: int | None = None) -> str:
        """Make a commit, and return its name."""
        date = f"{_FIRST + self._commits * _DAY if time is None else time} +0000"
        self._commits += 1
        env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        if author:
            name, _, email = author.partition(" <")
            env |= {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email.rstrip(">")}
        self.git(*arguments, env=env)
        return self.git("rev-parse", "HEAD")


def write_questions(folder: Path, revision: str, file: str, asked: Sequence[tuple[str, Sequence[str]]]) -> Path:
    """Write what mining writes of a clone ``owner+clone``, as far as it is read, and return the folder.

    Args:
        folder: The folder of the mined history.
        revision: The commit that questions are asked at.
        file: Where all answers stand.
        asked: Questions with the names of the definitions that answer.
    """
    (folder / "questions").mkdir(parents=True, exist_ok=True)
    questions = [
        {"query": query, "named": False, "answers": [{"path": file, "name": name} for name in names]}
        for query, names in asked
    ]
    content = {"repository": "owner/clone", "revision": revision, "split": "dev", "questions": questions}
    (folder / "questions" / "owner__clone.json").write_text(json.dumps(content))
    return folder
