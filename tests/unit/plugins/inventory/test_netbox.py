# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetBox as the source: real ``ansible-inventory``, real nb_inventory, and the recorded answers of a real NetBox."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.inventory import netbox

ROOT = pathlib.Path(__file__).resolve().parents[4]
import netbox_collection  # noqa: E402
import netbox_replay  # noqa: E402

NETBOX = ROOT / "inventories/netbox"
Answers = dict[str, t.Any]


@pytest.fixture(scope="module", autouse=True)
def _collection() -> None:
    netbox_collection.ensure()


@pytest.fixture
def answers() -> Answers:
    """To be changed by a test."""
    return netbox_replay.recorded()


class Inventory:
    """``ansible-inventory`` with a home of its own."""

    def __init__(self, home: pathlib.Path) -> None:
        self.home = home

    def run(
        self, source: pathlib.Path, url: str = "", token: str = netbox_replay.TOKEN, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """``--list`` of one source."""
        command = [sys.executable, "-m", "ansible.cli.inventory", "-i", str(source), "--list"]
        environment = netbox_replay.environment(str(self.home), url, token) | more
        return subprocess.run(
            command, env=environment, cwd=self.home, capture_output=True, text=True, check=False, timeout=120
        )

    def list(self, answers: Answers, source: pathlib.Path = NETBOX, **more: str) -> str:
        """The output, where all is well."""
        with netbox_replay.replay(answers) as url:
            done = self.run(source, url, **more)
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr
        return done.stdout

    def said(self, answers: Answers, denied: t.Container[str] = (), source: pathlib.Path = NETBOX, **more: str) -> str:
        """The error, where something is wrong: there are no hosts then, and the run stops."""
        with netbox_replay.replay(answers, denied) as url:
            return self.refused(source, url, **more)

    def refused(self, source: pathlib.Path, url: str, **more: str) -> str:
        """The error of a source that cannot be used."""
        stops = self.run(source, url, **more)
        assert stops.returncode != 0
        assert not stops.stdout
        goes_on = self.run(source, url, **more, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
        assert json.loads(goes_on.stdout)["_meta"]["hostvars"] == {}
        assert "Traceback" not in stops.stderr + goes_on.stderr
        return stops.stderr


@pytest.fixture
def inventory(tmp_path: pathlib.Path) -> Inventory:
    home = tmp_path / "home"
    home.mkdir()
    return Inventory(home)


def one(answers: Answers, path: str, name: str) -> Answers:
    """An object of a recorded list, to be changed."""
    found = next(body for request, body in answers.items() if request.startswith(f"/api/{path}/"))
    return next(item for item in found["results"] if name in (item["name"], item.get("slug")))


# The same as sheets --------------------------------------------------------------------------------------------------


def test_netbox_and_sheets_give_the_same_inventory(
    inventory: Inventory, answers: Answers, tmp_path: pathlib.Path
) -> None:
    sheets = tmp_path / "sheets"
    sheets.mkdir()
    shutil.copytree(ROOT / "tests/netbox/sheets", sheets / "sites")
    shutil.copy(ROOT / "inventories/example/fleet.yml", sheets)
    (sheets / "imrs.yml").write_text("plugin: icann.imrs.sites\n", encoding="utf-8")
    from_files = inventory.run(sheets / "imrs.yml", ANSIBLE_INVENTORY_ENABLED="icann.imrs.sites")
    assert from_files.returncode == 0, from_files.stderr
    listed = json.loads(from_files.stdout)
    assert {"nbo01", "nbo04", "acc01"} <= set(listed["appliances"]["hosts"])
    assert inventory.list(answers) == from_files.stdout


def test_nothing_else_that_netbox_says_is_listed(inventory: Inventory, answers: Answers) -> None:
    listed = inventory.list(answers)
    assert "noc@savanna.example" in json.dumps(answers)
    for word in ("noc@", "@savanna.example", "GSE Africa", netbox_replay.TOKEN, "netbox.example"):
        assert word not in listed
    for variables in json.loads(listed)["_meta"]["hostvars"].values():
        assert all(name == "ansible_host" or name.startswith("imrs_") for name in variables)


def test_only_what_is_asked_for_was_recorded(answers: Answers) -> None:
    """The replayed NetBox answers 404 to all else, so a new request of the source shows."""
    assert sum(request.startswith("/api/") for request in answers) == len(answers) == 16
    assert answers["/api/status/?"]["netbox-version"] == "4.7.3"


def test_the_source_may_cache(inventory: Inventory, answers: Answers, tmp_path: pathlib.Path) -> None:
    source = configured(tmp_path, "cache: true\n  cache_plugin: ansible.builtin.jsonfile\n  cache_connection: kept\n")
    with netbox_replay.replay(answers) as url:
        first = inventory.run(source, url)
    again = inventory.run(source, url)
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert first.stdout == again.stdout


def test_a_template_gives_the_token(inventory: Inventory, answers: Answers, tmp_path: pathlib.Path) -> None:
    source = configured(tmp_path, "token: \"{{ lookup('ansible.builtin.env', 'ELSEWHERE') }}\"\n")
    with netbox_replay.replay(answers) as url:
        done = inventory.run(source, url, token="wrong", ELSEWHERE=netbox_replay.TOKEN)
    assert done.returncode == 0, done.stderr


def configured(tmp_path: pathlib.Path, more: str) -> pathlib.Path:
    """The example's configuration, with more options for the source."""
    text = (NETBOX / "netbox.yml").read_text(encoding="utf-8")
    assert "../example/fleet.yml" in text
    text = text.replace("../example/fleet.yml", str(ROOT / "inventories/example/fleet.yml"))
    path = tmp_path / "netbox.yml"
    path.write_text(text.replace("netbox:\n", f"netbox:\n  {more}"), encoding="utf-8")
    return path


# What is wrong -------------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_said_at_once(inventory: Inventory, answers: Answers) -> None:
    one(answers, "dcim/sites", "acc")["asns"][0]["asn"] = 64500
    one(answers, "dcim/devices", "mrs01")["serial"] = ""
    del one(answers, "dcim/devices", "dkr01")["config_context"]["imrs"]
    remedy = "assign to the site a config context with what NetBox has no field for"
    said = [line for line in inventory.said(answers).splitlines() if line.startswith("netbox: ")]
    assert said[:3] == [
        "netbox: device mrs01: Serial number: is missing; the appliance is bought, so give its serial number",
        "netbox: site acc: ASNs: 64500 is not 20144, the AS number of the IMRS",
        f"netbox: site dkr: Config context: imrs: is missing; {remedy}",
    ]


def test_a_name_that_two_devices_have(inventory: Inventory, answers: Answers) -> None:
    one(answers, "dcim/devices", "nbo02")["name"] = "nbo01"
    assert "netbox: device nbo01: Name: is the name of two devices; give each its own" in inventory.said(answers)


def test_no_device_at_all(inventory: Inventory, answers: Answers) -> None:
    next(body for request, body in answers.items() if request.startswith("/api/dcim/devices/"))["results"].clear()
    wrong = "netbox: has no device with the role imrs-node that matches query_filters and may be viewed"
    assert wrong in inventory.said(answers)


def test_a_token_that_is_refused(inventory: Inventory, answers: Answers) -> None:
    said = inventory.said(answers, token="nbt_wrong.9876543210")
    assert "/api/status/ (403); the token (NETBOX_TOKEN) is wrong, or may not view this" in said
    assert "9876543210" not in said


def test_a_token_that_may_not_view_all(inventory: Inventory, answers: Answers) -> None:
    said = inventory.said(answers, {"/api/dcim/interfaces/", "/api/tenancy/tenants/"})
    assert "/api/dcim/interfaces/ (403); the token (NETBOX_TOKEN) is wrong, or may not view this" in said
    assert "tenants" not in said


def test_a_token_that_may_not_view_what_is_not_needed(inventory: Inventory, answers: Answers) -> None:
    everything = inventory.list(answers)
    denied = {"/api/tenancy/tenants/", "/api/dcim/platforms/", "/api/virtualization/clusters/"}
    with netbox_replay.replay(answers, denied) as url:
        done = inventory.run(NETBOX, url)
    assert done.stdout == everything


def test_a_netbox_that_is_away(inventory: Inventory) -> None:
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))  # taken, and nobody listens
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert f"NetBox at {url} cannot be reached: [Errno 111] Connection refused" in inventory.refused(NETBOX, url)


def test_a_netbox_that_breaks_in_the_middle(inventory: Inventory, answers: Answers) -> None:
    """The source asks in threads here, whose tracebacks would be printed."""
    lost = next(request for request in answers if request.startswith("/api/dcim/regions/"))
    del answers[lost]
    assert 'could not be read: {"detail": "Not recorded: /api/dcim/regions/' in inventory.said(answers)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fetch_all: false", "plurals: true", "netbox.yml: netbox: unknown options plurals; the options are api_end"),
        ("fleet: ", "sites: ", "netbox.yml: unknown options sites; the options are "),
        ("example/fleet.yml", "example/no.yml", "no.yml: cannot be read: No such file or directory"),
        ("- status: planned", "- state: planned", "query_filters: state cannot be asked for; "),
        ("- status: planned", "- planned", "netbox.yml: netbox: query_filters is no list of single filters, such as "),
    ],
)
def test_a_configuration_that_is_wrong(
    inventory: Inventory, answers: Answers, tmp_path: pathlib.Path, old: str, new: str, said: str
) -> None:
    source = configured(tmp_path, "")
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    assert said in inventory.said(answers, source=source)


def test_no_address_of_netbox(inventory: Inventory) -> None:
    said = "the address of NetBox is missing; set NETBOX_API, or netbox.api_endpoint"
    assert said in inventory.refused(NETBOX, "")


def test_without_the_collection(inventory: Inventory, tmp_path: pathlib.Path) -> None:
    (tmp_path / "ansible_collections/icann").mkdir(parents=True)
    (tmp_path / "ansible_collections/icann/imrs").symlink_to(ROOT)
    said = inventory.refused(NETBOX, "http://127.0.0.1:9", ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    assert (
        "icann.imrs.netbox needs the collection netbox.netbox; install with: ansible-galaxy collection install " in said
    )


def test_without_pytz(inventory: Inventory, answers: Answers) -> None:
    assert "pytz must be installed" in inventory.said(answers, PYTHONPATH="")


def test_only_its_own_file_name() -> None:
    plugin = netbox.InventoryModule()
    assert plugin.verify_file(str(NETBOX / "netbox.yml"))
    assert not plugin.verify_file(str(ROOT / "inventories/example/fleet.yml"))
    assert not plugin.verify_file(str(NETBOX / "missing.netbox.yml"))
