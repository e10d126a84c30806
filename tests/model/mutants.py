"""The model notices: protections of the product are taken out one at a time, in a copy of the tree, and each time a sequence must end
in a way that nobody explains."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants import LEFT_OUT, ROOT
from tests.protections.mutant import Mutant, mutant

MUTANTS = [
    mutant("creating without looking", "sync/writing.py", "_create(target, spec, body, in_time, look_first=permit.again)",
           "_create(target, spec, body, in_time, look_first=False)"),
    mutant("reading back without the quarantine", "store/writes.py", "if ask.now < row.rests_until:", "if False:"),
    mutant("a permit in spite of a hold", "store/writes.py",
           "hold = None if _written(row) else _hold(ask, held)", "hold = None"),
    mutant("forgetting that it may have been sent", "store/writes.py", "again=True, changed=changed)", "changed=changed)"),
    mutant("forgetting that an earlier send had other content", "store/writes.py",
           "changed = row.fingerprint != ask.fingerprint", "changed = False"),
    mutant("taking every fingerprint for ours", "store/writes.py", "if row.fingerprint == ask.fingerprint:", "if True:"),
    mutant("taking what was written for what is to be written", "sync/deliver.py",
           "if found is None or content != fingerprint(filled(spec.body, done)):", "if found is None:"),
    mutant("sending blindly again after a lost answer", "store/writes.py", "if row.state == WriteState.REFUSED:",
           "if row.state in (WriteState.REFUSED, WriteState.UNKNOWN):"),
    mutant("leaving what was billed when the deal is reopened", "sync/withdrawn.py", "if await ledger.sent(", "if False and await ledger.sent("),
    mutant("forgetting a decision", "store/claiming.py", "decided.get((row.flow, row.subject), ())", "()"),
    mutant("losing a change that is told alone", "store/receiving.py",
           "lock(tx, pairs)\n    if rows:", "lock(tx, pairs)\n    if rows and len(rows) > 1:"),
    mutant("a lease that anybody may use", "store/write_ends.py", "w.lease == given.c.lease, ", ""),
    mutant("writing what another worker is writing", "store/writes.py",
           "if row.lease != ask.delivery.lease and _running(tx, row, ask.now):", "if False:"),
    mutant("changing what was posted", "store/writes.py", "return Differs(write_id=row.id, target_id=row.target_id)",
           "return Done(write_id=row.id, target_id=row.target_id, record=row.record or {})"),
    mutant("archiving what is asked about", "store/retention.py", "d.updated_at < part.cutoff, ~asked, ~unsettled)", "d.updated_at < part.cutoff)"),
]  # fmt: skip

_FROM = {"forgetting that an earlier send had other content": 2877}
"""The first seed, where what is needed comes together too rarely."""


def kill_all(operations: int) -> int:
    """0 when the model noticed every one within so many operations."""
    alive = [one for one in MUTANTS if not _told(one, operations)]
    print(f"{len(MUTANTS) - len(alive)} of {len(MUTANTS)} noticed")
    return 1 if alive else 0


def _told(one: Mutant, operations: int) -> bool:
    words = noticed(one, operations)
    print(f"{'noticed' if words else 'ALIVE':<8} {one.file:<24} {one.name}: {words[:150]}", flush=True)
    return bool(words)


def noticed(one: Mutant, operations: int) -> str:
    """What the model says of the mutant, nothing where it sees no difference."""
    with tempfile.TemporaryDirectory(prefix="model-mutant-") as folder:
        tree = shutil.copytree(ROOT, Path(folder) / "tree", ignore=LEFT_OUT)
        path = tree / one.file
        source = path.read_text(encoding="utf-8")
        if source.count(one.text) != 1:
            print(f"OUT OF DATE: the text stands {source.count(one.text)} times in {one.file}")
            return ""
        path.write_text(source.replace(one.text, one.instead), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "tests.model", "--once", "--operations", str(operations), "--seed", str(_FROM.get(one.name, 1))],
            cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.strip() if done.returncode == 1 else ""
