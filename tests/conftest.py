# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make ``ansible_collections.icann.imrs`` importable from any checkout, with or without Ansible installed."""

from __future__ import annotations

import importlib
import pathlib
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[1]


def _package(name: str) -> types.ModuleType:
    """The real namespace package where there is one, an empty one otherwise."""
    try:
        return importlib.import_module(name)
    except ImportError:
        module = types.ModuleType(name)
        module.__path__ = []
        sys.modules[name] = module
        return module


def _graft() -> None:
    """Always this checkout: an installed copy of the collection must not be tested in its place."""
    top, namespace = _package("ansible_collections"), _package("ansible_collections.icann")
    collection = types.ModuleType("ansible_collections.icann.imrs")
    collection.__path__ = [str(ROOT)]
    sys.modules[collection.__name__] = collection
    top.icann, namespace.imrs = namespace, collection


_graft()
