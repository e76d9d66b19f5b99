#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.registration, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registration
short_description: Judge whether the world's registries know the prefixes as they are announced
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Reads files on the controller with what the RPKI, a routing registry and PeeringDB have of the fleet's prefixes, and
    judges them. Contacts nobody, and changes nothing.
  - Never fails because of what it finds. The caller does, once the reports are on disk.
options:
  nodes:
    description: The nodes of the run, by their names in the inventory. All have to be of one fleet.
    type: list
    elements: str
    required: true
  inputs:
    description: The files, one at least, and how old they may be.
    type: dict
    required: true
    suboptions:
      rpki:
        description: What C(rpki-client -j) wrote.
        type: path
      irr:
        description: Objects in RPSL, from a dump or the answer of a whois server.
        type: path
      peeringdb:
        description: An answer of PeeringDB's API to C(net?asn=20144).
        type: path
      rpki_hours:
        description: How many hours old O(inputs.rpki) may be, by its own word. 24 by default.
        type: int
      days:
        description: How many days old O(inputs.irr) and O(inputs.peeringdb) may be. 30 by default.
        type: int
      roa_hours:
        description:
          - How many hours from now a ROA has to last. 0 by default, which finds those that have ended.
          - The end that validators tell is the nearest of all certificates and CRLs above the ROA. That is often hours
            away, and is put off again in time.
        type: int
  report_directory:
    description:
      - Directory for C(registration.json) and C(registration.txt); made when missing. Without it, no report is written.
    type: path
attributes:
  check_mode:
    description: The reports are written in check mode, too. They are what the run is for.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Judge what the registries have
  icann.imrs.registration:
    nodes: "{{ ansible_play_hosts_all }}"
    inputs: {rpki: /var/db/rpki-client/json, peeringdb: /var/lib/imrs/peeringdb.json}
  run_once: true
"""

RETURN = r"""
sound:
  description: Whether everything was looked at, and all of it is as it should be.
  returned: success
  type: bool
findings:
  description: What is wrong, a sentence each, with its source in front.
  returned: success
  type: list
  elements: str
  sample: ["RPKI: 2001:500:3::/48: no ROA covers it: publish a ROA 2001:500:3::/48 of AS20144, maxLength 48"]
unreadable:
  description: Why inputs could not be understood; each names the file and the place in it.
  returned: success
  type: list
  elements: str
unchecked:
  description: Sources of which no input was given.
  returned: success
  type: list
  elements: str
table:
  description: Prefix by source, and what is wrong, for a terminal of 110 columns.
  returned: success
  type: str
reports:
  description: The files that were written.
  returned: success
  type: list
  elements: path
"""
