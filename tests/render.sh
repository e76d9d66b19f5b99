#!/usr/bin/env bash
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# make render [REV=<git revision>]: every file that would be on the nodes, and what hosts read, in rendered/. With a
# revision, also what that one rendered, with its own code and data, in words what is different now, and how many nodes announce
# each prefix then and now. It fails when the fleet's budget does not allow that (docs/operation.md).
# INVENTORY is the fleet, relative to the checkout; FORKS how many nodes at a time. Contacts nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
rev=${1:-}
inventory=${INVENTORY:-inventories/example}

refuse() { printf 'render: %s\n' "$*" >&2; exit 2; }

# Usage: render <collection's root> <path for Ansible's collections> <directory for the result> [<option of Ansible> ...]
render() {
  (
    cd "$1"
    [[ -e $inventory ]] || refuse "there is no $inventory${sha:+ in $rev}; name a fleet by INVENTORY=inventories/<fleet>"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    ANSIBLE_CONFIG=$PWD/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$2 ANSIBLE_FORKS=${FORKS:-$(nproc)} \
      ansible-playbook icann.imrs.render -i "$inventory" -e "documents_directory=$3" "${@:4}" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  )
}

# Usage: list <collection's root> <path for Ansible's collections> <file for the result>: all variables of all nodes
list() {
  (
    cd "$1"
    ANSIBLE_CONFIG=$PWD/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$2 ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true \
      ansible-inventory -i "$inventory" --list --output "$3" 2>/dev/null || refuse "$inventory${sha:+ of $rev} has no nodes to list"
  )
}

if [[ $rev ]]; then
  old=$(git rev-parse --verify --quiet --end-of-options "$rev^{commit}") || refuse "git knows no revision $rev"
  git cat-file -e "$old:playbooks/render.yml" 2>/dev/null ||
    refuse "revision $rev has no playbooks/render.yml, so it cannot be rendered and compared; name a later one"
fi

tests/setup.sh live
export PATH=$PWD/.venv/bin:$PATH

if [[ $rev ]]; then
  # Both renders show secrets under one key, which ends with this script: a change is seen, and nothing can be guessed.
  IMRS_RENDER_KEY=$(head -c 32 /dev/urandom | base64 -w 0)
  export IMRS_RENDER_KEY
  git grep -q IMRS_RENDER_KEY "$old" -- plugins ||
    echo "Revision $rev shows secrets in another way, so each file with a secret is told as changed" >&2
fi

sha=
render . "$PWD/.cache" "$PWD/rendered"
echo "Rendered $inventory into rendered/: open rendered/index.html"
[[ $rev ]] || exit 0

sha=$old
before=$PWD/.cache/render/$sha
top=$before/ansible_collections/icann/imrs
if [[ ! -e $before/.unpacked ]]; then
  rm -rf "$before"
  mkdir -p "$top"
  git archive "$sha" | tar -x -C "$top"
  touch "$before/.unpacked"
fi
# Acceptance is no part of a revision: both show the same reports.
reports=$PWD/$inventory/reports
[[ -d $reports ]] || reports=
render "$top" "$before" "$before/rendered" ${reports:+-e "documents_reports=$reports"}
list "$top" "$before" "$before/nodes.json"
sha=
list . "$PWD/.cache" "$PWD/.cache/render/nodes.json"
echo
PYTHONPATH=.cache python tests/render_changes.py "$before/rendered" rendered "$before/nodes.json" .cache/render/nodes.json
