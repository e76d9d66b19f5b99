# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The gate's own door: a UNIX socket, one JSON object a line, one answer each. Who may open it decides who may ask."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import typing as t

if t.TYPE_CHECKING:
    import pathlib

LIMIT = 65536
"""Octets of the longest request."""

Answer = t.Callable[[dict[str, t.Any]], t.Awaitable[dict[str, t.Any]]]


class Control:
    """Listens at ``path`` (mode 0600) and hands every request to ``answer``."""

    def __init__(self, path: pathlib.Path, answer: Answer) -> None:
        self._path = path
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the door; a socket left by a killed gate is replaced."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LIMIT)
        finally:
            os.umask(before)

    def stop(self) -> None:
        """Let nobody in any more."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.CancelledError):
            while line := await reader.readline():
                writer.write(json.dumps(await self._one(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _one(self, line: bytes) -> dict[str, t.Any]:
        try:
            request = json.loads(line)
        except ValueError:
            return {"usage": "the request is not JSON"}
        if not isinstance(request, dict):
            return {"usage": "the request is not an object"}
        try:
            return await self._answer(request)
        except (KeyError, TypeError, ValueError) as error:
            return {"usage": f"the request makes no sense: {error}"}
