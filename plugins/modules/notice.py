#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.notice, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: notice
short_description: Tell hosts by e-mail that their instances are in service
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - The last published step of the onboarding. Every host of the given nodes is told once, when every node of its site,
    and every router of it that is ours, has passed acceptance at stage V(live), and its sheet wants it live.
  - Works on the controller only, from the sheets of a fleet and from the reports of acceptance. No node is contacted.
  - The message goes to the host's network operations and remote hands, with C(acceptance.md) and C(acceptance.html) of
    each appliance, where these are there.
  - What was sent is recorded in C(<reports>/<site>/notice.json), which only its owner may read. An address that the
    server refuses makes the task fail, and a repeat goes to that address alone. A run that breaks off while the server
    has the message leaves a mark, and the next run refuses to guess whether the message was sent.
  - When all have been told, the steps that the sheet lacks are written as a patch for C(git apply), to
    C(<reports>/<site>/onboarding.patch). No sheet is changed.
options:
  inventory:
    description: The fleet's configuration for the inventory plugin P(icann.imrs.sites#inventory), such as C(imrs.yml).
    type: path
    required: true
  reports:
    description: Directory with the latest acceptance of the nodes, as C(<node>/acceptance.json).
    type: path
    required: true
  nodes:
    description: Nodes and routers whose hosts are to be told, by their names in the inventory.
    type: list
    elements: str
    required: true
  host:
    description: The mail server. Needed when there is something to send.
    type: str
    default: ''
  port:
    description: Its port.
    type: int
    default: 587
  cleartext:
    description:
      - Whether the message may go to a server that offers no STARTTLS. To C(localhost) and loopback addresses it may.
      - What a server offers is used and verified in any case. A password never goes over a network in clear text.
    type: bool
    default: false
  ca_file:
    description: Certificates in PEM, one of which the server's has to be signed by. Without it, those of the system.
    type: path
    default: ''
  username:
    description: User name at the server. Without it, nobody logs in.
    type: str
    default: ''
  password_variable:
    description: Name of the vault variable with the password, as for P(icann.imrs.secret#lookup). It is never shown.
    type: str
    default: ''
  timeout:
    description: Seconds in which the server has to answer each command.
    type: float
    default: 30.0
  sender:
    description: Address to which mail that cannot be delivered goes back. Without it, the operator's of the fleet.
    type: str
    default: ''
  again:
    description:
      - Somebody has made sure that a message has not arrived of which that was not known. It is sent again then.
      - What is known to have been sent is not.
    type: bool
    default: false
requirements:
  - PyYAML
  - cryptography, for masters that hand out zones over TLS
  - jsonschema
  - netaddr
attributes:
  check_mode:
    description: Says what would be sent, and to whom. Contacts nobody, and writes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Tell the hosts of these nodes
  icann.imrs.notice:
    inventory: inventories/example/imrs.yml
    reports: inventories/example/reports
    nodes: [yfb01]
    host: mail.imrs.example
    username: imrs
    password_variable: vault_notice_password
  run_once: true
"""

RETURN = r"""
said:
  description: A sentence for each site.
  returned: always
  type: list
  elements: str
  sample: ["yfb: no notice is due: yfb01 was last judged at stage drained, not live"]
sites:
  description:
    - Each site with its name C(site), whether it was C(changed) or C(failed), the addresses that the server took the
      message for, C(to), the C(text) of the message, the path of the C(patch), and what is C(said) of it.
  returned: always
  type: list
  elements: dict
"""
