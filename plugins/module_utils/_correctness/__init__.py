# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
"""Whether an answer is the one that a zone makes: RSSAC047v2, section 5.3, and what other RFCs say of each record.

Needs dnspython and nothing else of this collection, so it is for every root server, whoever runs it:

    python3 -m ansible_collections.icann.imrs.plugins.module_utils._correctness --zone root.zone 199.7.83.42

or, in the folder that has this one, ``python3 -m _correctness``. As a library: ``Zone.read`` the zone, then
``compare.differences`` for each question and the octets of its answer. ``zone`` says what a zone holds, ``expect`` what
it answers, ``compare`` how an answer differs, ``ask`` and ``__main__`` ask a server.

RSSAC047 asks whether what is there is right. Here it also has to be all that is there: a record more, a record less, a
record twice, in another section, or with another TTL is a difference, unless an RFC lets the server choose
(``expect.Part.needed``). The zone is taken at its word: verify it first (``ldns-verify-zone -ZZ -k ANCHORS``).
"""
