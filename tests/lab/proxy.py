#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's package proxy: runs in this machine's network, only its listening socket is inside the lab.

Usage: proxy.py NAMESPACE STORE PREFIX=UPSTREAM ...

It answers nothing but GET below the given prefixes, so a Debian archive is all that can be asked for from inside.
Packages never change under their name and are kept in STORE; indexes are asked for each time.
"""

from __future__ import annotations

import ctypes
import http.server
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from imrslab import packages, topology

CLONE_NEWNET = 0x40000000
ATTEMPTS = 3


def listen(namespace: str) -> socket.socket:
    """A listening socket that lives in another network namespace."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    away = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    _setns(away)
    listener = socket.create_server((topology.MANAGEMENT_GATEWAY, packages.PORT), backlog=64)
    _setns(home)
    os.close(home)
    os.close(away)
    return listener


def _setns(descriptor: int) -> None:
    """os.setns(), which Python has only since 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answer one connection's requests from the store or from upstream."""

    protocol_version = "HTTP/1.1"
    store: pathlib.Path
    upstreams: dict[str, str]

    def do_GET(self) -> None:
        """One file of one of the archives."""
        for prefix, upstream in self.upstreams.items():
            if self.path.startswith(prefix + "/") and ".." not in self.path:
                self._serve(upstream, self.path.removeprefix(prefix))
                return
        self.send_error(403, "not one of the lab's package archives")

    def _serve(self, upstream: str, path: str) -> None:
        kept = self.store / path.lstrip("/")
        keep = "/pool/" in path or "/by-hash/" in path
        for attempt in range(ATTEMPTS):
            try:
                if not (keep and kept.exists()):
                    self._fetch(upstream + path, kept)
                break
            except urllib.error.HTTPError as error:
                self.send_error(error.code)
                return
            except OSError as error:
                if attempt == ATTEMPTS - 1:
                    self.send_error(502, str(error)[:200])
                    return
        with kept.open("rb") as file:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(file, self.wfile)

    def _fetch(self, url: str, kept: pathlib.Path) -> None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(url, timeout=60) as answer,  # noqa: S310 - a URL of apt's own sources
            tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file,
        ):
            shutil.copyfileobj(answer, file)
        os.replace(file.name, kept)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - http.server's signature
        """One line a request, in the lab's own log."""
        print(format % arguments, flush=True)


class Server(http.server.ThreadingHTTPServer):
    """An HTTP server on a socket that is already listening."""

    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


def main(namespace: str, store: str, *archives: str) -> None:
    """Serve until told to stop."""
    Handler.store = pathlib.Path(store)
    Handler.upstreams = dict(archive.split("=", 1) for archive in archives)
    Server(listen(namespace)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
