"""The threads of a session."""

from __future__ import annotations

import asyncio

import pytest

from cascode_server.lsp.workers import Workers


def test_work_that_nobody_waits_for_is_logged_where_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    """And what comes after it is done."""

    def fail() -> None:
        raise RuntimeError("the disk is gone")

    async def use() -> str:
        workers = Workers(lambda: None)
        workers.submit(fail)
        done = await workers.side(lambda: "done")
        workers.close()
        return done

    assert asyncio.run(use()) == "done"
    assert "the disk is gone" in caplog.text
