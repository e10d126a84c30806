"""`check`: everything that can be known about a workspace without connecting to anything. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sync.errors import Mistake
from sync.workspace.connecting import Kinds
from sync.workspace.loader import attempt
from sync.workspace.samples import SampleResult, read_samples, run_samples
from sync.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All mistakes, and how each sample came out. Samples run only in a workspace that could be loaded."""

    workspace: Workspace | None
    mistakes: tuple[Mistake, ...]
    samples: tuple[SampleResult, ...]

    @property
    def ok(self) -> bool:
        return not self.mistakes and all(sample.ok for sample in self.samples)


def check(directory: Path, kinds: Kinds | None = None) -> Report:
    """Load the directory and run its samples; with `kinds`, check the options of its connections too."""
    workspace, mistakes = attempt(directory, kinds)
    samples, documents = read_samples(directory)
    results = tuple(run_samples(workspace, samples)) if workspace is not None else ()
    found = {*mistakes, *(each for document in documents for each in document.mistakes)}
    ordered = sorted(found, key=lambda mistake: (mistake.file, mistake.line, mistake.what))
    return Report(workspace=workspace, mistakes=tuple(ordered), samples=results)
