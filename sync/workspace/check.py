"""`check`: everything that can be known about a workspace without connecting to anything. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sync.errors import Mistake
from sync.workspace.connecting import Kinds
from sync.workspace.loader import in_order, sound_part, survey, workspace_of
from sync.workspace.samples import SampleResult, check_samples, read_samples, run_samples
from sync.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All mistakes, and how each sample came out. Samples without a mistake run through every flow in which nothing is
    wrong, also when the workspace as a whole could not be loaded."""

    workspace: Workspace | None
    mistakes: tuple[Mistake, ...]
    samples: tuple[SampleResult, ...]

    @property
    def ok(self) -> bool:
        return not self.mistakes and all(sample.ok for sample in self.samples)


def check(directory: Path, kinds: Kinds | None = None) -> Report:
    """Load the directory and run its samples; with `kinds`, check the options of its connections too."""
    files = survey(directory, kinds)
    samples, documents = read_samples(directory)
    check_samples(documents, files.triggers)
    results = tuple(run_samples(sound_part(files), samples))
    found = in_order([*files.mistakes, *(each for document in documents for each in document.mistakes)])
    return Report(workspace=workspace_of(files), mistakes=tuple(found), samples=results)
