"""Every protection with the text that takes it out and the tests that must then fail: the table of `tests/mutants.py`. Each module
here that has MUTANTS is part of it."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tests import protections
from tests.protections.mutant import Mutant


def _all() -> list[Mutant]:
    names = sorted(found.name for found in pkgutil.iter_modules(protections.__path__) if found.name != "table")
    modules = [import_module(f"{protections.__name__}.{name}") for name in names]
    return [each for module in modules for each in getattr(module, "MUTANTS", ())]


MUTANTS = _all()
