#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A scenario of molecule/, by its name: tests/scenario.sh pairs. What follows is for molecule (--destroy never) and, after
# another --, for ansible-playbook. IMRS_LAB names its lab.
set -euo pipefail
cd "$(dirname "$0")/.."
scenario=${1:?"which scenario of molecule/? one of: $(cd molecule && echo */molecule.yml | sed 's,/molecule.yml,,g')"}
shift

export PATH=$PWD/.venv/bin:$PATH
export IMRS_LAB=${IMRS_LAB:-imrstest}
export MOLECULE_GLOB='molecule/*/molecule.yml'
export MOLECULE_EPHEMERAL_DIRECTORY=$PWD/.cache/molecule/$IMRS_LAB
export ANSIBLE_COLLECTIONS_PATH=$PWD/.cache
export PY_COLORS=${PY_COLORS:-0}
rm -rf "$MOLECULE_EPHEMERAL_DIRECTORY" # what a run before left would make this one skip `create`
exec molecule test --scenario-name "$scenario" "$@"
