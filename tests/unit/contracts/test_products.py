# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon is known in its own files alone: its descriptor, readers, tasks, templates."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._drift import report
from ansible_collections.icann.imrs.plugins.module_utils._probes import readers
from ansible_collections.icann.imrs.plugins.module_utils._products import confinement

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDERS = ("plugins", "roles", "playbooks")
SUFFIXES = {".py", ".yml", ".j2"}
_SAID = re.compile(r"(?<![a-z])(knot[cd]?|nsd|birdc?[23]?|frr|vtysh|bgpd)(?![a-z])", re.IGNORECASE)

EXCEPTIONS = {
    "plugins/module_utils/_documents/router_words.py": "the host's routers, which are the host's own",
    "plugins/module_utils/_documents/routers.py": "the host's routers, which are the host's own",
    "plugins/module_utils/_drift/report.py": "the table of what compares which daemon",
    "plugins/module_utils/_probes/readers.py": "the table of what reads which daemon",
    "plugins/module_utils/_products/__init__.py": "the table of descriptors",
    "plugins/module_utils/_site/rules/peer.py": "why a rule is there",
    "plugins/module_utils/_site/secrets.py": "why a secret has its limits",
    "plugins/modules/bundle.py": "an example for people",
    "plugins/modules/drift.py": "an example for people, and what each daemon does not tell",
    "roles/documents/templates/routers/openbgpd.j2": "a host's router",
    "roles/gate/vars/main.yml": "a path that is certified everywhere: less of it would void certificates",
    "roles/nameserver/defaults/main.yml": "why a setting has its value",
    "roles/nameserver/meta/argument_specs.yml": "the choices, and how the daemons differ, for people",
    "roles/nameserver/tasks/files.yml": "Ansible imports a file by its literal name",
    "roles/network/templates/etc/systemd/network/20-imrs-uplink.network.j2": "a comment in a file on the node",
    "roles/routing/meta/argument_specs.yml": "the choices, and how the daemons differ, for people",
    "roles/routing/tasks/files.yml": "Ansible imports a file by its literal name",
}
"""Files that name a daemon and are not its own, each with the reason. This list may only get shorter."""


def of_a_product(path: pathlib.PurePath) -> bool:
    """Whether a file is a daemon's own, by its name or by that of a folder of its."""
    names = "|".join(product.name for product in products.PRODUCTS)
    return any(
        re.fullmatch(rf"(files_|imrs-)?({names})(_running|_sessions|_bfd|\.service\.d|\.(py|yml|j2))*", part)
        for part in path.parts
    )


def sayings(text: str) -> list[str]:
    """The daemons and their programs that a text names."""
    return sorted({found.lower() for found in _SAID.findall(text)})


def outside() -> dict[str, list[str]]:
    """By file that is nobody's own: what it names."""
    paths = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    relative = (path.relative_to(ROOT) for path in paths)
    found = {str(path): sayings((ROOT / path).read_text("utf-8")) for path in relative if not of_a_product(path)}
    return {path: names for path, names in found.items() if names}


def test_no_file_but_a_daemons_own_names_it() -> None:
    assert {path: names for path, names in outside().items() if path not in EXCEPTIONS} == {}


def test_no_exception_is_kept_that_is_none() -> None:
    assert set(EXCEPTIONS) - set(outside()) == set()


@pytest.mark.parametrize(
    ("path", "text", "own", "named"),
    [
        ("plugins/module_utils/_probes/zone.py", 'if provider == "nsd":', False, ["nsd"]),
        ("roles/gate/vars/main.yml", "- /usr/sbin/knotd # and knotc", False, ["knotc", "knotd"]),
        ("roles/routing/tasks/files_frr.yml", "vtysh -C", True, ["vtysh"]),
        ("roles/nameserver/templates/etc/systemd/system/nsd.service.d/10-imrs.conf.j2", "NSD", True, ["nsd"]),
        ("plugins/module_utils/_drift/birds.py", "BIRD", False, ["bird"]),
        ("plugins/module_utils/_gate/cli.py", "a knotty thunderbird", False, []),
    ],
)
def test_a_name_in_a_wrong_place_is_seen(path: str, text: str, own: bool, named: list[str]) -> None:
    assert (of_a_product(pathlib.PurePosixPath(path)), sayings(text)) == (own, named)


@pytest.mark.parametrize("product", products.PRODUCTS, ids=lambda product: product.name)
def test_a_daemon_has_all_that_others_have(product: products.Product) -> None:
    """A descriptor alone is not enough: whoever adds a daemon is told here what else there has to be."""
    assert {"nameserver": readers.nameserver, "routing": readers.routing}[product.kind](product.name).running
    assert product.kind != products.ROUTING or readers.sessions(product.name).read
    assert product.name in report._DAEMONS
    role = ROOT / "roles" / product.kind
    assert (role / f"tasks/files_{product.name}.yml").is_file()
    options = yaml.safe_load((role / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]["main"]["options"]
    choices = options[f"{product.kind}_provider"]["choices"]
    none = [""] if product.kind == products.NAMESERVER else []  # a cluster's own router has no nameserver
    assert choices == [each.name for each in products.of_kind(product.kind)] + none


def test_every_unit_of_ours_has_a_bound_of_how_exposed_it_may_be() -> None:
    """A new unit is confined, and gets its bound in `_products/confinement.py`; none is above the most."""
    units = {path.name.removesuffix(".j2") for path in ROOT.glob("roles/*/templates/etc/systemd/system/*.service.j2")}
    bounds = products.exposures(products.PRODUCTS)
    assert set(bounds) == units | {product.unit for product in products.PRODUCTS}
    assert {unit: most for unit, most in bounds.items() if not 0 < most <= confinement.MOST} == {}


def test_a_router_has_no_bound_of_what_it_does_not_run() -> None:
    router = products.exposures([products.named(products.ROUTING, "frr")])
    assert "frr.service" in router
    assert not {"imrs-identity.service", "bird.service", "knot.service", "nsd.service"} & set(router)


def test_a_daemon_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="nameserver: there is no 'bird'; known are knot, nsd"):
        products.named(products.NAMESERVER, "bird")
    with pytest.raises(ValueError, match="routing: there is no 'knot'; known are bird, frr"):
        readers.routing("knot")
