"""Every protection with the text that takes it out and the tests that must then fail: the table of `tests/mutants.py`."""

from __future__ import annotations

from tests.protections import (
    batches,
    bulk,
    clocks,
    delivery,
    drifts,
    fixing,
    home,
    kept,
    lease,
    ledger,
    lines,
    looks,
    once,
    packs,
    people,
    reading,
    releases,
    rules,
    strangers,
    traffic,
)

MUTANTS = [
    *lease.MUTANTS,
    *lines.MUTANTS,
    *people.MUTANTS,
    *once.MUTANTS,
    *traffic.MUTANTS,
    *batches.MUTANTS,
    *ledger.MUTANTS,
    *kept.MUTANTS,
    *strangers.MUTANTS,
    *releases.MUTANTS,
    *drifts.MUTANTS,
    *home.MUTANTS,
    *reading.MUTANTS,
    *fixing.MUTANTS,
    *rules.MUTANTS,
    *looks.MUTANTS,
    *delivery.MUTANTS,
    *packs.MUTANTS,
    *bulk.MUTANTS,
    *clocks.MUTANTS,
]
