#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A NetBox on 127.0.0.1 that gives recorded answers; and the recorder.

The answers in answers/ come from a real NetBox (see README.md), one file for each request that the inventory plugin
makes. Two are cut down to what the plugin reads: the OpenAPI schema, which has 15 MB, and the status, which tells of
the machine that it ran on.

``netbox_replay.py 127.0.0.1:8000 <token>`` asks that NetBox all that ``ansible-inventory`` asks, and writes the answers
anew. Without arguments, it shows the inventory that the recorded answers give.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import typing as t

import netbox_collection

HERE = pathlib.Path(__file__).parent
ANSWERS = HERE / "answers"
INVENTORY = HERE.parents[1] / "inventories/netbox"
TOKEN = "nbt_replayed.0123456789"
"""The token that is let in."""
NAME = "netbox.example"
"""What the recorded NetBox calls itself in its links."""
REFUSAL = 403, {"detail": "Invalid v2 token"}
"""NetBox 4.7.3's answer to a token that it does not know."""
Body = t.Any


def recorded() -> dict[str, Body]:
    """All answers, by path and query."""
    files = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(ANSWERS.glob("*.json")))
    return {sorted_query(file["request"]): file["answer"] for file in files}


def sorted_query(path: str) -> str:
    """The request, whatever the order of its parameters: the source keeps numbers of devices in a set."""
    place, _mark, query = path.partition("?")
    return f"{place}?{'&'.join(sorted(query.split('&')))}"


@contextlib.contextmanager
def serve(answer: t.Callable[[str, str], tuple[int, Body]]) -> t.Iterator[str]:
    """A server on a free port of 127.0.0.1; its URL. ``answer`` gets path with query, and the Authorization."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = answer(self.path, self.headers.get("Authorization", ""))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the tests show what failed."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def replay(answers: t.Mapping[str, Body], denied: t.Container[str] = ()) -> t.ContextManager[str]:
    """A NetBox with these answers; the URL. Paths in ``denied`` are refused even to the token that is let in."""

    def answer(path: str, authorization: str) -> tuple[int, Body]:
        if authorization != f"Token {TOKEN}" or path.partition("?")[0] in denied:
            return REFUSAL
        found = sorted_query(path)
        return (200, answers[found]) if found in answers else (404, {"detail": f"Not recorded: {path}"})

    return serve(answer)


def environment(home: str, url: str, token: str = TOKEN) -> dict[str, str]:
    """What ``ansible-inventory`` needs to ask a NetBox, with Ansible's defaults in all else."""
    settings = pathlib.Path(home) / "ansible.cfg"
    settings.touch()
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "IMRS_", "NETBOX_"))}
    return clean | {
        "ANSIBLE_COLLECTIONS_PATH": str(netbox_collection.CACHE),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": home,
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_INVENTORY_ENABLED": "icann.imrs.netbox",
        "COLUMNS": "1000",
        "LC_ALL": "C.UTF-8",
        "NETBOX_API": url,
        "NETBOX_TOKEN": token,
        "PYTHONPATH": str(netbox_collection.PYTHON),
    }


def record(address: str, token: str) -> None:
    """Write the answers of a real NetBox to what ``ansible-inventory -i inventories/netbox --list`` asks."""
    seen: dict[str, Body] = {}

    def answer(path: str, authorization: str) -> tuple[int, Body]:
        connection = http.client.HTTPConnection(address, timeout=120)
        connection.request("GET", path, headers={"Host": NAME, "Authorization": authorization})
        found = connection.getresponse()
        body = json.loads(found.read())
        if found.status == 200:
            seen[path] = cut(path, body)
        return found.status, body

    # A home of its own: the source keeps the schema there, and would not ask for it again.
    with serve(answer) as url, tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(INVENTORY), "--list"]
        subprocess.run(command, env=environment(home, url, token), check=True, stdout=subprocess.DEVNULL)
    for path in ANSWERS.glob("*.json"):
        path.unlink()
    for path, body in seen.items():
        name = "-".join(re.findall(r"[a-z-]+", path.partition("?")[0])[1:])
        text = json.dumps({"request": path, "answer": body}, indent=1, ensure_ascii=False)
        (ANSWERS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def show() -> None:
    """The groups and hosts that the answers give."""
    with replay(recorded()) as url, tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(INVENTORY), "--graph"]
        subprocess.run(command, env=environment(home, url), check=True)


def cut(path: str, body: Body) -> Body:
    """What of an answer is kept."""
    if path.startswith("/api/status/"):
        return {key: body[key] for key in ("netbox-version", "netbox-full-version", "plugins")}
    if path.startswith("/api/schema/"):
        kept = ("/api/dcim/devices/", "/api/virtualization/virtual-machines/")
        names = {
            key: {"get": {"parameters": [{"name": item["name"]} for item in body["paths"][key]["get"]["parameters"]]}}
            for key in kept
        }
        return {"openapi": body["openapi"], "info": {"version": body["info"]["version"]}, "paths": names}
    return body


if __name__ == "__main__":
    netbox_collection.ensure()
    if sys.argv[1:]:
        record(*sys.argv[1:])
    else:
        show()
