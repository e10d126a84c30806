"""Whether the record that a flow makes up every night exists, becomes something, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from sync.workspace.documents import Document
from sync.workspace.mistakes import nearest
from sync.workspace.samples import FOLDER, Sample
from sync.workspace.spots import Spot, whole


def check_synthetic(flows: Sequence[Document], samples: Sequence[tuple[Document, Sample]]) -> None:
    """Note what is wrong with `synthetic` in each flow."""
    known = {document.file.removeprefix(f"{FOLDER}/"): sample for document, sample in samples}
    for flow in map(whole, flows):
        named = flow.at("synthetic", "sample")
        if named.word is not None:
            _check(flow, named, known)


def _check(flow: Spot, named: Spot, known: dict[str, Sample]) -> None:
    sample = known.get(named.word or "")
    if sample is None:
        named.wrong(f"there is no sample {named.word!r} that can be read", nearest(named.word or "", known))
        return
    if sample.entity != flow.at("trigger", "entity").word:
        named.wrong(f"the sample {named.word!r} is about {sample.entity}", "take a sample of what triggers the flow")
    elif sample.expect.record is None:
        named.wrong(f"the sample {named.word!r} becomes no record", "take a sample that expects `record`")
    elif not any(write.at("operation").word == "post" for write in flow.at("writes").items):
        named.wrong("nothing that this flow writes is posted later, so it could not be voided", "remove `synthetic`")
