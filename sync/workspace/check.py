"""`check`: everything that can be known about a workspace without connecting to anything. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sync.errors import Mistake
from sync.workspace.capable import Kinds
from sync.workspace.complete import check_contracts
from sync.workspace.coverage import check_coverage
from sync.workspace.loader import in_order, sound_part, survey, workspace_of
from sync.workspace.made_up import check_synthetic
from sync.workspace.ours import begin_samples, check_samples_call
from sync.workspace.samples import SampleResult, check_samples, read_samples, run_samples
from sync.workspace.spots import whole
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
    """Load the directory, run its samples and see what they leave out; with `kinds`, check the options of its connections too.
    A workspace whose samples leave something out can be loaded all the same."""
    files = survey(directory, kinds)
    samples, documents = read_samples(directory)
    check_samples(documents, files.triggers)
    workspace, sound = workspace_of(files), sound_part(files)
    begin_samples(files.ours)
    results = tuple(run_samples(sound, samples))
    check_samples_call(files.ours)
    flows, contracts = ([document for document, _ in each] for each in (files.flows, files.contracts))
    check_contracts(flows, contracts, whole(files.settings[0]).at("teams").entries)
    check_synthetic(flows if files.triggers is not None else (), samples)
    check_coverage(flows, sound.contracts.values(), documents, files.settings[0])
    found = in_order([*files.mistakes, *(each for document in documents for each in document.mistakes)])
    return Report(workspace=workspace, mistakes=tuple(found), samples=results)
