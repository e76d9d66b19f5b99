#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make audit: an appliance, taken live in a lab of its own that is taken down at any end, and what it has open.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/setup.sh test
export PATH=$PWD/.venv/bin:$PATH
export IMRS_LAB=imrsaudit
export ANSIBLE_CONFIG=$PWD/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH=$PWD/.cache
trap 'tests/lab/lab.py down' EXIT
pytest --capture=no tests/drills/test_audit.py
