"""The same event becomes the same bytes, in any process, time zone and language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "quote_to_cash"
PROGRAM = """
import dataclasses, sys, time
from pathlib import Path
import orjson
from sync.inforce import in_force
from sync.workspace import samples
from sync.workspace.loader import sound_part, survey

def plain(value):
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else repr(value)

for directory in map(Path, sys.argv[1:]):
    workspace = sound_part(survey(directory))
    for document, sample in samples.read_samples(directory)[0]:
        for flow in workspace.flows.values():
            outcome = samples.outcome_of(workspace, flow, sample)
            shown = orjson.dumps({"kind": type(outcome).__name__, **dataclasses.asdict(outcome)}, default=plain)
            sys.stdout.buffer.write(document.file.encode() + b" " + shown + b"\\n")
    time.tzset()
print("zone", time.tzname, hash("x"), file=sys.stderr)
"""
TRANSFORMS = """
def shuffled(value: str) -> list[str]:
    return list(set(value + "abcdefghijklmnopqrstuvwxyz"))


def sign(value: str) -> str:
    return value[::-1]
"""


def run(directories: list[Path], seed: str, zone: str, language: str) -> tuple[bytes, str]:
    env = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language, "LANG": language}
    command = [sys.executable, "-c", PROGRAM, *map(str, directories)]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    return ran.stdout, ran.stderr.decode()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The example with transforms of its own, flags, conditions and, where they are there, rules."""
    directory = shutil.copytree(EXAMPLE, tmp_path / "workspace")
    (directory / "transforms.py").write_text(TRANSFORMS, encoding="utf-8")
    rows = [
        "      - {to: letters, from: billing_code, transform: ours.shuffled, flag: half}",
        "      - {to: turned, from: dealname, transform: [clip200, ours.sign], when: {path: company.country, equals: DE}}",
    ]
    if find_spec("cel_expr_python"):
        rows.append(
            "      - {to: large, value: true, when: {rule: 'amount_minor > 500000 && lines.all(l, l.price_minor > 0)'}}"
        )
    at = "      - {to: customer_id, ref: customer}\n"
    flow, settings = directory / "flows" / "quote_to_cash.yaml", directory / "meshline.yaml"
    text = flow.read_text(encoding="utf-8")
    assert at in text
    flow.write_text(text.replace(at, at + "\n".join(rows) + "\n"), encoding="utf-8")
    settings.write_text(
        f"{settings.read_text(encoding='utf-8')}\nflags: {{half: {{by: dealname, share: 50%}}}}\n", encoding="utf-8"
    )
    return directory


def test_two_processes_in_two_zones_and_languages_make_the_same_bytes(own: Path) -> None:
    directories = [EXAMPLE, ROOT / "benchmarks" / "job", own]
    one, here = run(directories, "1", "Pacific/Kiritimati", "C")
    two, there = run(directories, "4242", "America/Los_Angeles", "de_DE.UTF-8")
    assert here != there
    assert one == two
    assert one.count(b"\n") >= 50
    assert b'"letters"' in one and b'"turned"' in one
    assert not find_spec("cel_expr_python") or b'"large":true' in one
