"""The words of `/sync`: every verb, how it is typed and what it does. Help is made of this table and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

NAME = "/sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`usages` are (what is typed after the name, what it does); `more` is what help tells of this verb alone. `slow` is said
    while the answer is being looked up."""

    name: str
    usages: tuple[tuple[str, str], ...]
    more: str = ""
    slow: str = "One moment: the answer comes here."


_BULK = (
    "Many records go in two steps: first you see what would happen, then five go ahead as a canary, and the rest when all "
    "five went through. Times are written like 2026-01-31, 2026-01-31T14:00, 14:00, today, yesterday, 3h or 2d."
)

TABLE: tuple[Verb, ...] = (
    Verb(name="status", usages=(("status [flow]", "how the flows do, what is open, held and paused"),)),
    Verb(
        name="exceptions",
        usages=(
            ("exceptions", "what is open in your teams, nearest deadline first"),
            ("exceptions mine", "what is open and yours"),
            ("exceptions late", "what is past its deadline; also: team T, reason R, flow F, class A"),
        ),
        more="Words can be combined: exceptions team Billing class A late.",
    ),
    Verb(name="show", usages=(("show EX-7", "one exception: what is wrong, who has it, what happened"),)),
    Verb(
        name="replay",
        usages=(
            ("replay EX-7", "try one record again; with dry run at the end it only shows what would be written"),
            ("replay reason R [since T] [until T]", "look at many at once, then replay them, five first"),
        ),
        more=_BULK,
        slow="One moment: the records are being looked at, nothing is written. The answer comes here.",
    ),
    Verb(name="run", usages=(("run flow", "read the flow's source now"),), slow="The source is being read. The answer comes here."),
    Verb(name="pause", usages=(("pause flow", "let no new work of a flow start"),)),
    Verb(name="resume", usages=(("resume flow", "let it go on"),)),
    Verb(
        name="hold",
        usages=(
            ("hold customer why", "no invoice goes out to this customer until somebody releases it"),
            ("hold contract id why", "the same for one contract; hold flow name why: for all that a flow posts"),
        ),
        more='The customer is an id of the CRM, or a name in quotation marks: hold "Acme GmbH" credit check. Drafts are written on.',
    ),
    Verb(name="holds", usages=(("holds", "what is held, since when, why, and how much waits"),)),
    Verb(
        name="release",
        usages=(("release customer why", "let billing go on; with several holds: release #5 why"),),
        more="What waited goes out in the order in which it happened. Where several holds are on, all have to be released.",
    ),
    Verb(
        name="reconcile",
        usages=(("reconcile flow [whole]", "compare what was sold with what stands in the ERP now, record by record"),),
        more="What changed since the last time is compared, with `whole` everything. What disagrees gets a card per kind.",
        slow="The records are being compared. The answer comes here.",
    ),
    Verb(name="trace", usages=(("trace id", "the whole path of one record: a trace, an EX number or a record's id"),)),
    Verb(name="owners", usages=(("owners [team]", "who answers for what, who stands in, who approves, and by when"),)),
    Verb(name="digest", usages=(("digest", "the digest of your teams, as of now"),)),
    Verb(name="checklist", usages=(("checklist", "the Monday checklist, with what the ledger says now"),)),
    Verb(
        name="away",
        usages=(("away", "say from when to when you are away and who stands in for you"), ("away back", "you are here again")),
        more="away who tells who is away now.",
    ),
    Verb(name="help", usages=(("help [verb]", "this list, or more about one of them"),)),
)  # fmt: skip
VERBS: tuple[str, ...] = tuple(each.name for each in TABLE)
SHARE = "Add --share to any of them to show the answer to the whole channel."


def verb_of(name: str) -> Verb | None:
    """The verb of that name."""
    return next((each for each in TABLE if each.name == name), None)
