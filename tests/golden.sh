#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make golden: render the example fleet anew into tests/golden/example, to be reviewed as a diff (git diff tests/golden).
set -euo pipefail
cd "$(dirname "$0")/.."
tests/render.sh
PYTHONPATH=.cache .venv/bin/python tests/golden/golden.py rendered tests/golden/example
git --no-pager diff --stat -- tests/golden/example || true
