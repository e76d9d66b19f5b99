#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance
short_description: Test whether a node may announce the IMRS
version_added: 0.1.0
description:
  - Collects evidence on the node, on a vantage outside it and on the host's router, and judges it against the catalogue
    of acceptance checks.
  - O(verb=collect) runs where the evidence is and never judges. With O(verb=judge) nobody is contacted; the action
    plugin judges on the controller, with pure functions, and writes the reports there.
  - O(verb=open) opens the connection to where evidence is going to be collected, and does not wait. Over a long line
    its handshakes take seconds, in which the node can be asked. It never fails; who collects says what is wrong.
  - O(verb=mark) writes reports that say that there is no verdict, O(verb=kept) says in C(acceptance.json) that the
    system that was judged stays, as an upgrade has kept it, and O(verb=overview) makes a page and a table of all
    nodes' latest reports. They contact nobody.
  - Never fails on a bad verdict. The caller does, once the reports are on disk.
author:
  - The icann.imrs authors (@icann)
requirements:
  - dnspython, on the node, on the vantage and on the controller
  - cryptography, on the controller, to validate signatures
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Collecting only reads. No report is written in check mode.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing), when in diff mode.
    support: none
options:
  verb:
    description: What to do.
    type: str
    choices: [collect, judge, kept, mark, open, overview]
    required: true
  scope:
    description: Where this runs. Required when O(verb=collect).
    type: str
    choices: [node, vantage, router]
  stage:
    description: What is expected to be announced at the moment. Required when O(verb=collect) or O(verb=judge).
    type: str
    choices: [dark, drained, live]
  status:
    description: How far this run has come, at most. Required when O(verb=mark).
    type: str
    choices: [not_reached, broken]
  node:
    description: Full name of the node. Required when O(verb=mark).
    type: str
  nodes:
    description: Inventory names of the nodes that O(verb=overview) tells of. Required there.
    type: list
    elements: str
  result:
    description: With O(verb=mark), what the task that failed has returned. The reason is read from it.
    type: dict
    default: {}
  expected:
    description:
      - What the node should be, from its host variables, with the prefix C(imrs_) left out. Required when
        O(verb=collect) or O(verb=judge).
      - Required keys are V(node_name), V(asn), V(service_addresses), V(prefixes), V(peers), V(zones), V(masters),
        V(trust_anchors), V(nameserver_provider) and V(routing_provider).
      - Optional keys are V(router_id), without which check BG-15 has no verdict, V(refused) and V(link), by family the
        prefixes that no peer may teach and the uplink's addresses (check BG-09), V(mode), what the sheet wants in the
        end, V(siblings), the names of the other nodes of its cluster, which answer beside it, V(notify_addresses),
        the node's own addresses where NOTIFY arrives, V(tcp_clients), how many TCP clients the nameserver serves at a
        time, of which a tenth is taken for a moment, 100 at most, and 10 where it is not given, V(time_sources), the
        NTP servers that chrony has to ask (check TM-03), each with C(name), V(log_server), where the log goes (HD-15),
        and V(listeners), more sockets that may listen, each with C(protocol), C(port) and optionally C(process).
      - V(masters) is V(imrs_masters), which names transfer keys and holds no secret. The node signs its questions to
        the masters with the keys that its nameserver's own file has under these names.
    type: dict
  patience:
    description: Seconds to wait for what is on its way, which is a zone transfer, a BGP session, or routes.
    type: float
    default: 60.0
  commands:
    description:
      - What the gate is told before the evidence is collected, in the same round trip. Each is a list of words, and no
        shell is involved. The first one that the gate does not answer ends the task.
      - O(lease) is renewed first. Another run that holds the node meanwhile is named, and nothing is told.
    type: list
    elements: list
    default: []
  lease:
    description: This run, as M(icann.imrs.run) returned it in RV(icann.imrs.run#module:lease).
    type: dict
  leave:
    description: Whether the node is given back when the evidence is collected, in the same round trip. Needs O(lease).
    type: bool
    default: false
  sessions:
    description:
      - The marks of the sessions that the gate gives its prefixes to at the moment, as V(imrs_peers) has them.
      - With O(verb=collect), these sessions are waited for, and all of them where the list is empty.
      - With O(verb=judge), every other session has to export nothing, and may wait for its router.
    type: list
    elements: str
    default: []
  evidence:
    description: The RV(evidence) of every scope that was collected. Required when O(verb=judge).
    type: list
    elements: dict
  absent:
    description:
      - What came back, by scope, where evidence was collected elsewhere. Of a scope without evidence, the reason is
        read from it.
    type: dict
    default: {}
  waivers:
    description: Checks that may be skipped, by C(check), its id, and why, by C(reason), which goes into the reports. A
      check that failed is never waived.
    type: list
    elements: dict
    default: []
  attestations:
    description: What people say they have done on this machine, as V(imrs_attestations) has it. C(by) goes into
      C(acceptance.json) and C(acceptance.txt), and not into what a host reads.
    type: list
    elements: dict
    default: []
  required_attestations:
    description:
      - What has to be attested before a node goes up whose sheet wants it live. A node that is live already stays so.
      - Anything else that nobody has attested is named in the reports.
    type: list
    elements: str
    default: []
  raised_checks:
    description: Checks of severity W that count as F. What is F stays F.
    type: list
    elements: str
    default: []
  registration:
    description:
      - Files on the controller with what the world's registries have of the prefixes, for O(verb=judge), with the keys
        V(rpki), V(irr) and V(peeringdb), and bounds of their age. See C(acceptance_registration) of the role.
      - What is not as it should be, be it a key, a file or what is in it, is told by the report, and is no failure.
    type: raw
  fingerprint:
    description: The fingerprint of the configuration that is judged; it goes into the reports.
    type: str
    default: ''
  report_directory:
    description:
      - Directory for C(acceptance.html), which is for the host, and for C(acceptance.json), C(acceptance.xml),
        C(acceptance.md) and C(acceptance.txt), which are for engineers and programs; made when missing.
        A report that is accepted is also written as C(accepted.json), which stays when a later one is not.
      - Reports with a verdict are also kept in its folder C(history), the last 50 of a node.
      - With O(verb=overview), the folder that has those of the nodes, each under its name, and gets C(index.html) and
        C(index.md).
      - Without it, no report is written. Required when O(verb=kept), O(verb=mark) or O(verb=overview).
    type: path
"""

EXAMPLES = r"""
- name: Collect what the node shows
  icann.imrs.acceptance:
    verb: collect
    scope: node
    stage: dark
    expected: "{{ acceptance_expected }}"
  register: __acceptance_node

- name: Judge on the controller
  icann.imrs.acceptance:
    verb: judge
    stage: dark
    expected: "{{ acceptance_expected }}"
    evidence: ["{{ __acceptance_node.evidence }}"]
    waivers: "{{ imrs_waivers }}"
    report_directory: "{{ acceptance_report_directory }}"
  register: __acceptance_report

- name: Refuse what is not certifiable
  ansible.builtin.assert:
    that: __acceptance_report.certifiable
    fail_msg: "{{ __acceptance_report.table }}"
"""

RETURN = r"""
evidence:
  description: What was seen, and when; hand it to O(verb=judge). It holds no secret and no configuration file.
  returned: when O(verb=collect)
  type: dict
  sample: {format: 2, scope: node, stage: dark, node: xlb01.l.root-servers.org, collected_at: 1767225600.0}
opening:
  description: Whether there is a connection that is kept for the next task, so that it is being opened.
  returned: when O(verb=open)
  type: bool
certifiable:
  description:
    - Whether a certificate up to the mode of this stage may be issued.
    - At least one check ran, every scope that the stage requires has evidence, and every fatal check that is due
      passed, or was skipped with a waiver.
  returned: when O(verb=judge)
  type: bool
reasons:
  description: Why it is not certifiable.
  returned: when O(verb=judge)
  type: list
  elements: str
harmful:
  description:
    - The failed checks for which even a node that is live has to go dark, as they hurt those who ask or route to it.
      The node and the host's router decide on these, never the vantage.
    - What failed beside them keeps a node from going up, but is no reason to take down one that is.
  returned: when O(verb=judge)
  type: list
  elements: str
doubtful:
  description: The checks that could show such harm, and neither passed nor showed it. The vantage alone saw them
    fail, or they could not be judged.
  returned: when O(verb=judge)
  type: list
  elements: str
results:
  description: Every check with its C(id), C(title), C(severity), C(status), C(message), C(seconds), C(source),
    C(condition) and C(waiver); C(raised) when the fleet has made it severity F. One that people attest has
    C(attestation), and C(by) says who does.
  returned: when O(verb=judge)
  type: list
  elements: dict
sessions:
  description: Every session of the sheet with its C(name), C(address), C(mark), C(standing), which is V(certified),
    V(ready) or V(waiting), and C(why) it is not there, if it is not.
  returned: when O(verb=judge)
  type: list
  elements: dict
ready:
  description: Marks of the sessions that are there and may be certified, too, once all that counts has passed.
  returned: when O(verb=judge)
  type: list
  elements: str
degraded:
  description: What keeps nobody from serving, and needs an engineer. A session that waits for its router, above all.
  returned: when O(verb=judge)
  type: list
  elements: str
unattested:
  description: The checks that people attest, and that nobody has attested here.
  returned: when O(verb=judge)
  type: list
  elements: str
counts:
  description: How many checks ended as C(pass), C(fail), C(error), C(skipped) and C(not_run).
  returned: when O(verb=judge)
  type: dict
stage:
  description: The stage that was judged.
  returned: when O(verb=judge)
  type: str
serial:
  description: The serial of the root zone that the node serves, if it is known.
  returned: when O(verb=judge)
  type: int
serials:
  description: The serial of each zone that the node serves, by its name, where it is known.
  returned: when O(verb=judge)
  type: dict
versions:
  description: Versions of the packages that were judged, by name.
  returned: when O(verb=judge)
  type: dict
table:
  description: The results as plain text, for a terminal of 110 columns.
  returned: when O(verb=judge)
  type: str
reports:
  description: The files that were written, without those in the folder C(history).
  returned: when O(verb=judge), O(verb=kept), O(verb=mark) or O(verb=overview)
  type: list
  elements: path
rows:
  description: Each node with its C(kind) (V(bad), V(missing), V(warn), V(good) or V(none)) and what the page says.
  returned: when O(verb=overview)
  type: list
  elements: dict
"""

import secrets
import string
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._acceptance import examples, gate, plan, wire
from ..module_utils._acceptance.expected import Expected
from ..module_utils._bundle import BundleError, Places, lease
from ..module_utils._probes import collect, query, signed
from ..module_utils._routing.policy import Mode


def _collect(params: dict[str, t.Any], expected: Expected, stage: Mode) -> dict[str, t.Any]:
    """Evidence of the scope this runs in."""
    scope, raw = params["scope"], params["expected"]
    patience, sessions = params["patience"], params["sessions"]
    if scope == "router":
        return collect.router(str(stage), raw, expected.announced(stage), patience=patience, certified=sessions)
    token = "".join(secrets.choice(string.ascii_lowercase) for _letter in range(10))
    questions = t.cast(list[query.Question], plan.questions(expected, stage, scope, token))
    if scope == "node":
        transfers = t.cast(list[signed.Question], plan.signed(expected))
        told = examples.of(expected)
        return collect.node(str(stage), raw, questions, transfers, patience=patience, certified=sessions, examples=told)
    together = t.cast(list[query.Question], plan.together(expected, stage, scope))
    return collect.vantage(str(stage), raw, questions, patience=patience, together=together)


def _tell(module: AnsibleModule, place: lease.Place, run: lease.Run | None) -> bool:
    """Tell the gate what has to be told before anybody looks; whether that has changed anything."""
    commands, changed = module.params["commands"], False
    if commands and run is None:
        raise ValueError("acceptance: commands need the lease of this run (icann.imrs.run)")
    if not commands or run is None or module.check_mode:
        return False
    place.take(run, strict=True)
    for words in commands:
        status, output, complaint = module.run_command([str(word) for word in words])
        if not gate.answered(status, output):
            told = complaint.strip() or output.strip() or f"it ended with {status}"
            raise ValueError(f"{' '.join(str(word) for word in words[:2])}: {told}")
        changed = changed or '"changed": true' in output
    return changed


def _evidence(module: AnsibleModule, expected: Expected, stage: Mode) -> dict[str, t.Any]:
    """Tell the gate what is due, collect, and give the node back where nothing more is asked of it."""
    given = module.params["lease"]
    run, place = lease.Run.parse(given) if given else None, lease.Place(Places().boot)
    changed = _tell(module, place, run)
    found = {"changed": changed, "evidence": _collect(module.params, expected, stage)}
    if module.params["leave"] and run is not None and not module.check_mode:
        place.leave(run)
        found["ansible_facts"] = {"imrs_lease": ""}
    return found


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "verb": {"choices": ["collect", "judge", "kept", "mark", "open", "overview"], "required": True},
            "scope": {"type": "str", "choices": ["node", "vantage", "router"]},
            "stage": {"type": "str", "choices": ["dark", "drained", "live"]},
            "status": {"type": "str", "choices": ["not_reached", "broken"]},
            "node": {"type": "str"},
            "nodes": {"type": "list", "elements": "str"},
            "result": {"type": "dict", "default": {}},
            "expected": {"type": "dict"},
            "patience": {"type": "float", "default": collect.PATIENCE},
            "commands": {"type": "list", "elements": "list", "default": []},
            "lease": {"type": "dict"},
            "leave": {"type": "bool", "default": False},
            "sessions": {"type": "list", "elements": "str", "default": []},
            "evidence": {"type": "list", "elements": "dict"},
            "absent": {"type": "dict", "default": {}},
            "waivers": {"type": "list", "elements": "dict", "default": []},
            "attestations": {"type": "list", "elements": "dict", "default": []},
            "required_attestations": {"type": "list", "elements": "str", "default": []},
            "raised_checks": {"type": "list", "elements": "str", "default": []},
            "registration": {"type": "raw"},
            "fingerprint": {"type": "str", "default": ""},
            "report_directory": {"type": "path"},
        },
        required_if=[
            ("verb", "collect", ["scope", "stage", "expected"]),
            ("verb", "judge", ["evidence", "stage", "expected"]),
            ("verb", "kept", ["report_directory"]),
            ("verb", "overview", ["nodes", "report_directory"]),
            ("verb", "mark", ["status", "node", "report_directory"]),
        ],
        supports_check_mode=True,
    )
    params = module.params
    if params["verb"] != "collect":
        told = f"acceptance: to {params['verb']} needs its action plugin; call it as icann.imrs.acceptance"
        module.fail_json(msg=told)
    if not wire.HAS_DNSPYTHON and params["scope"] != "router":
        module.fail_json(msg=missing_required_lib("dnspython"))
    try:
        found = _evidence(module, Expected.parse(params["expected"]), Mode.parse(params["stage"]))
    except BundleError as error:  # another run has the node
        module.fail_json(msg=str(error))
    except (ValueError, OSError) as error:
        module.fail_json(msg=str(error), exception=traceback.format_exc())
    module.exit_json(**found)


if __name__ == "__main__":
    main()
