"""The nine pairs in front of the reference tool: `python -m tests.sync.diff.reference PATH/TO/datacontract` prints what it
says of each, in both of its perspectives, and what we say. It is no dependency and no test; docs/contracts-diff.md quotes it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from sync.workspace.diff.comparing import compare
from tests.sync.diff.pairs import DEAL, Edit, made
from tests.sync.diff.verdicts_fields import NINE

KEY = "  - {property: idempotencyKey, value: '%s'}\n  - property: owner\n"
WITH_KEY = Edit(DEAL, "  - property: owner\n", KEY % "crm-deal-{id}")
EDITS = {
    "the idempotency formula changes": Edit(DEAL, "crm-deal-{id}", "deal-{id}"),
    "the owner is removed": Edit(DEAL, "  - property: owner\n    value: sales-ops\n", ""),
}
"""The key stands in our flow, where the tool does not look: for it, it is written into the contract as well."""


def main(tool: str) -> None:
    for name in [*NINE, "the owner is removed"]:
        edit = EDITS.get(name) or NINE[name].edit
        with tempfile.TemporaryDirectory() as room:
            old, new = made(Path(room) / "old", WITH_KEY), made(Path(room) / "new", WITH_KEY, edit)
            found = compare(old, new)
            named = [each.change for each in found.changes if each.change.kind not in ("no_samples", "version_kept")]
            theirs = [_verdict(tool, side, old / edit.file, new / edit.file) for side in ("consumer", "producer")]
        print(f"{name} | {' | '.join(theirs)} | {named[0].category.value} {named[0].kind}: {named[0].words}")


def _verdict(tool: str, side: str, old: Path, new: Path) -> str:
    command = [tool, "breaking", "--perspective", side, str(old), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    summary = next((line for line in lines if line.startswith("[ ")), lines[-1] if lines else "")
    return f"exit {done.returncode} {summary}"


if __name__ == "__main__":
    main(sys.argv[1])
