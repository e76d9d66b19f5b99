#!/usr/bin/python
# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin icann.imrs.documents, which does all the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: documents
short_description: Write the documents that hosts and operators read
version_added: 0.2.0
author: The icann.imrs authors (@icann)
description:
  - Makes, from the sheets of a fleet, the page of the fleet (C(index.html)) and for each site the host sheet, as HTML
    (C(sites/<site>.html)) and as Markdown (C(sites/<site>.md)). They are in English. A site whose sheet names another
    language has both in that one, too (C(sites/<site>.fr.html), C(sites/<site>.fr.md)).
  - Every page is one file that loads nothing. None holds a secret; a host sheet holds nothing of another host.
  - Works on the controller only, for the whole fleet at once. No host is contacted.
  - A state that the sheet asks for is called planned; proven is what acceptance has accepted last.
  - The same data give the same bytes, but for the ages of old reports. Files that are already right are left alone.
    Sheets of sites that are no longer in the fleet are removed.
options:
  inventory:
    description: The fleet's configuration for the inventory plugin P(icann.imrs.sites#inventory), such as C(imrs.yml).
    type: path
    required: true
  directory:
    description: Where to write. Relative to the working directory.
    type: path
    required: true
  reports:
    description:
      - Directory with the latest acceptance of the nodes, as C(<node>/acceptance.json), and the last one that was
        accepted, as C(<node>/accepted.json). Empty for none.
    type: path
requirements:
  - jinja2
  - PyYAML
  - cryptography, for masters that hand out zones over TLS
  - jsonschema
attributes:
  check_mode:
    description: Says what would be written and removed.
    support: full
  diff_mode:
    description: Shows nothing; render two revisions with C(make render REV=...) to see what changes for whom.
    support: none
"""

EXAMPLES = r"""
- name: Write the documents
  icann.imrs.documents:
    inventory: inventories/example/imrs.yml
    directory: rendered
"""

RETURN = r"""
documents:
  description: All documents of the fleet, relative to O(directory).
  returned: success
  type: list
  elements: str
  sample: [index.html, sites/nbo.html, sites/nbo.md]
written:
  description: Those that were written because they were not there or said something else.
  returned: success
  type: list
  elements: str
removed:
  description: Those of sites that are no longer in the fleet.
  returned: success
  type: list
  elements: str
"""
