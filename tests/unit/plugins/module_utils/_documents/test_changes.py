# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change is told to those who see it, once, in words and as a diff."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents.changes import describe

Tree = dict[str, str]


def sheet(site: str, nodes: str, phone: str = "+1 555 0100", extra: str = "") -> str:
    """A host's document, as far as it matters here."""
    names = "\n".join(f"- Name: {node}.l.root-servers.org" for node in nodes.split())
    return (
        f"# {site.upper()} · Somewhere, KE · Live\n\nHead of {site}\n\n## What stands in your rack\n\n{names}\n{extra}"
        f"\n## Contacts\n\n- {site}\n- {phone}\n"
    )


def configuration(node: str, workers: int = 4) -> str:
    return f"server:\n  identity: {node}\n  listen: 53\n  workers: {workers}\n  log: warning\n\nzone:\n  - .\n"


def tree() -> Tree:
    """Two sites; the first is a cluster of two nodes."""
    made = {"index.html": "<p>fleet</p>", ".imrs-rendered": "mark"}
    for site, nodes in (("nbo", "nbo01 nbo02"), ("lim", "lim01")):
        made[f"sites/{site}.md"] = sheet(site, nodes)
        made[f"sites/{site}.html"] = f"<p>{site}</p>"
        for node in nodes.split():
            made[f"{node}/etc/knot/knot.conf"] = configuration(node)
            made[f"{node}/etc/motd"] = "hello\n"
            made[f"{node}/MANIFEST"] = (
                "0640 root:knot 0123456789ab /etc/knot/knot.conf\n0644 root:root 0123456789ab /etc/motd\n"
            )
    return made


def changed(**edits: str | None) -> str:
    """What is told when these files change; ``__`` is a slash, None removes."""
    after = tree()
    for name, text in edits.items():
        path = name.replace("__", "/").replace("_DOT_", ".")
        if text is None:
            del after[path]
        else:
            after[path] = text
    return describe(tree(), after)


def test_nothing_changes() -> None:
    assert describe(tree(), tree()) == "Nothing changes.\n"
    assert describe({}, {}) == "Nothing changes.\n"


def test_what_a_host_reads_is_told_once_whatever_its_language() -> None:
    french = {"sites/nbo.fr.html": "<p>fr</p>", "sites/nbo.fr.md": sheet("nbo", "nbo01 nbo02").replace("Name", "Nom")}
    more = describe(tree(), tree() | french)
    assert more == "No node and no host sees a change. 1 host sheet looks different and says the same.\n"
    after = tree() | {name: text.replace("0100", "0199") for name, text in french.items()}
    told = describe(tree() | french, after | {"sites/nbo.md": sheet("nbo", "nbo01 nbo02", "+1 555 0199")})
    assert told.startswith("# 1 host sees a change\n")
    assert "nbo.fr" not in told


def test_one_node() -> None:
    told = changed(lim01__etc__knot__knot_DOT_conf=configuration("lim01", 8))
    assert told == (
        "# 1 node sees a change\n\n## Site lim · Somewhere, KE · Live\n\n### Node lim01\n\n"
        "changed /etc/knot/knot.conf\n```diff\n"
        "   identity: lim01\n   listen: 53\n-  workers: 4\n+  workers: 8\n   log: warning\n \n```\n"
    )


def test_what_all_nodes_see_is_told_once_with_their_names() -> None:
    after = {path: text.replace("workers: 4", "workers: 8") for path, text in tree().items()}
    told = describe(tree(), after)
    assert told.startswith("# 3 nodes see a change\n\n## All 3 nodes change alike\n\nlim01, nbo01, nbo02\n")
    assert told.count("+  workers: 8") == 1
    assert "identity" not in told, "lines that differ from node to node are left out"
    assert "## Site" not in told


def test_what_is_alike_is_shown_with_its_surroundings_where_these_are_alike_too() -> None:
    after = {path: text.replace("log: warning", "log: info") for path, text in tree().items()}
    assert "   workers: 4\n-  log: warning\n+  log: info\n" in describe(tree(), after)


def test_nodes_of_one_site_that_change_alike_stand_together() -> None:
    told = changed(nbo01__etc__motd="bye\n", nbo02__etc__motd="bye\n")
    assert "### Nodes nbo01, nbo02\n" in told
    assert told.count("+bye") == 1


def test_a_node_that_differs_is_told_apart() -> None:
    told = changed(nbo01__etc__motd="bye\n", nbo02__etc__motd="bye\n", lim01__etc__motd="ciao\n")
    assert told.index("+ciao") < told.index("+bye"), "sites in order of their names"
    assert "alike" not in told


def test_a_host_is_told_by_the_section_of_its_document() -> None:
    told = changed(sites__lim_DOT_md=sheet("lim", "lim01", phone="+1 555 0199"))
    assert told.startswith("# 1 host sees a change\n\n## Site lim")
    assert "### What the host reads (sites/lim.md)\n\nsection “Contacts”" in told
    assert "-- +1 555 0100\n+- +1 555 0199\n" in told


def test_what_all_hosts_read_is_told_once() -> None:
    after = {path: text.replace("+1 555 0100", "+1 555 0199") for path, text in tree().items()}
    told = describe(tree(), after)
    assert told.startswith("# 2 hosts see a change\n\n## All 2 hosts read the same change\n\nlim, nbo\n")
    assert told.count("+- +1 555 0199") == 1


def test_hosts_and_nodes_are_counted_together() -> None:
    told = changed(
        sites__lim_DOT_md=sheet("lim", "lim01", "+1 555 0199"),
        lim01__etc__motd="bye\n",
        nbo01__etc__motd="x\n",
        nbo02__etc__motd="y\n",
    )
    assert told.startswith("# 3 nodes and 1 host see a change\n")
    assert told.index("What the host reads") < told.index("### Node lim01")


def test_files_that_come_and_go() -> None:
    told = changed(lim01__etc__motd=None, lim01__etc__new="one\ntwo\n")
    assert "added /etc/new\n```diff\n+one\n+two\n```" in told
    assert "removed /etc/motd" in told


def test_owner_and_mode_are_told_and_sums_are_not() -> None:
    manifest = tree()["lim01/MANIFEST"]
    told = changed(lim01__MANIFEST=manifest.replace("0640 root:knot", "0600 knot:knot"))
    assert "owner or mode of /etc/knot/knot.conf (0640 root:knot → 0600 knot:knot)" in told
    assert changed(lim01__MANIFEST=manifest.replace("0123456789ab", "ba9876543210")) == "Nothing changes.\n"
    secret = changed(lim01__MANIFEST=manifest.replace("/etc/motd", "/etc/motd secret"))
    assert "owner or mode of /etc/motd (0644 root:root → 0644 root:root, secret)" in secret
    both = changed(lim01__MANIFEST=manifest.replace("0644 root:root", "0600 root:root"), lim01__etc__motd="bye\n")
    assert "changed /etc/motd (0644 root:root → 0600 root:root)" in both
    new = changed(lim01__MANIFEST=manifest + "0400 root:root 0123456789ab /etc/new\n", lim01__etc__new="x\n")
    assert "added /etc/new (0400 root:root)" in new


def test_a_new_node_and_a_new_site() -> None:
    after = tree() | {
        "sites/acc.md": sheet("acc", "acc01"),
        "acc01/etc/motd": "hello\n",
        "acc01/MANIFEST": "0644 root:root 0123456789ab /etc/motd\n",
    }
    told = describe(tree(), after)
    assert told.startswith("# 1 node and 1 host see a change\n\n## Site acc")
    assert "The host sheet is added (sites/acc.html, sites/acc.md)." in told
    assert "### Node acc01: added, 1 file\n\nadded /etc/motd" in told
    back = describe(after, tree())
    assert "The host sheet is removed" in back
    assert "### Node acc01: removed, 1 file" in back


def test_a_node_without_a_sheet_is_not_forgotten() -> None:
    told = describe({"xxx01/etc/motd": "a\n"}, {"xxx01/etc/motd": "b\n"})
    assert "## Nodes that no host sheet names\n\n### Node xxx01" in told


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sites/lim.html", "No node and no host sees a change. 1 host sheet looks different and says the same.\n"),
        ("index.html", "No node and no host sees a change. The page of the fleet (index.html) changes.\n"),
    ],
)
def test_a_change_of_looks_alone(path: str, said: str) -> None:
    assert describe(tree(), tree() | {path: "<p>new</p>"}) == said


def test_long_files_are_cut_and_counted() -> None:
    told = changed(lim01__etc__new="".join(f"line {number}\n" for number in range(100)))
    assert "… 40 more lines" in told
    assert "+line 59\n" in told
    assert "+line 60\n" not in told


def test_a_changed_end_of_file_is_seen() -> None:
    assert "only the end of the file" in changed(lim01__etc__motd="hello")


def test_the_words_of_eleven_systems_are_shown_once() -> None:
    def with_configuration(address: str) -> Tree:
        systems = "".join(f"### {name}\n\n```\nneighbor {address}\n```\n" for name in ("FRR", "BIRD 2", "OpenBGPD"))
        text = sheet("lim", "lim01") + f"\n## Configuration for your router\n\n{systems}"
        return tree() | {"sites/lim.md": text}

    told = describe(with_configuration("192.0.2.1"), with_configuration("192.0.2.9"))
    assert "section “Configuration for your router”, FRR; also in BIRD 2, OpenBGPD" in told
    assert told.count("+neighbor 192.0.2.9") == 1
    assert "````diff" in told, "a fence in the text does not end the fence around it"


def test_a_section_that_comes_or_goes() -> None:
    more = {"sites/lim.md": tree()["sites/lim.md"] + "\n## New\n\ntext\n"}
    assert "section “New” added" in describe(tree(), tree() | more)
    assert "section “New” removed" in describe(tree() | more, tree())


def test_the_order_of_the_files_does_not_matter() -> None:
    after = tree() | {"lim01/etc/motd": "bye\n", "sites/nbo.md": sheet("nbo", "nbo01 nbo02", "+2")}
    backwards = dict(reversed(after.items()))
    assert describe(tree(), after) == describe(dict(reversed(tree().items())), backwards)
