#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make golden: render the example fleet anew into tests/golden/example, to be reviewed as a diff. The lines that are worth
# reading are those of the files that are kept whole; a checksum says that another node's file changed, too.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/render.sh
PYTHONPATH=.cache .venv/bin/python tests/golden/golden.py rendered tests/golden/example
git --no-pager diff --stat -- tests/golden/example ':!*/SHA256SUMS'
echo "Checksums of $(git diff --name-only -- 'tests/golden/example/*/SHA256SUMS' | wc -l) nodes changed; their lines: make render REV=HEAD"
