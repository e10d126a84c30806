"""What Slack shows of a release: what it changes, what the records of the past say, who must agree, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.blocks import Block, actions, button, confirm, context, few, header, message, moment, said, section
from bot.cards import Around
from bot.carried import Carried, carry
from bot.wording import ended, person, records
from sync.lifecycle import ReleaseState
from sync.money import Money
from sync.releases import Release

VERBS = ("release_approve", "release_reject", "release_promote", "release_roll_back")
_CATEGORIES = {
    "proof": "May change what is written",
    "approval": "Needs your agreement",
    "safe": "Changes nothing that is written",
}
_STATES = {
    ReleaseState.PROPOSED: "is proposed",
    ReleaseState.SHADOW: "looks on",
    ReleaseState.CANARY: "is tried",
    ReleaseState.ACTIVE: "runs",
    ReleaseState.RETIRED: "was followed by another",
    ReleaseState.REJECTED: "was rejected",
    ReleaseState.ROLLED_BACK: "was rolled back",
}
_MOST, _MOST_FIELDS, _MOST_TEAMS = 6, 5, 4


def release_card(release: Release, around: Around, *, affected: int = 0) -> Block:
    """The whole message. `affected` is how many records came out otherwise under it."""
    title = f"Release {release.id} {_STATES[release.state]}"
    words = ended(f": {said(release.words, 200)}" if release.words else "")
    blocks = [
        header(title),
        section(f"{person(release.made_by, around)} proposed it {moment(release.made_at)}{words}"),
        *_changes(release.changes, around),
        *_proof(release.proof),
        *_agreement(release, around),
        *_course(release, around, affected),
    ]
    if pressable := _buttons(release, around):
        blocks.append(actions(*pressable))
    return message(ended(f"{title}{words}"), *blocks)


def _changes(changes: Sequence[Mapping[str, Any]], around: Around) -> list[Block]:
    found = []
    for category, words in _CATEGORIES.items():
        lines = [
            f"• {said(around.flow_title(str(each['name'])), 60)}: {said(str(each['words']), 200)}"
            for each in changes
            if each["category"] == category
        ]
        if lines:
            found.append(section("\n".join([f"*{words}*", *few(lines, _MOST)])))
    return found


def _proof(proof: Mapping[str, Any]) -> list[Block]:
    if not proof.get("records"):
        return [context("No record of the past was there to try it on.")] if "records" in proof else []
    tried, differing = proof["records"], proof["differing"]
    head = f"*Tried on the last {records(tried)}*: " + (
        f"{differing:,} come out otherwise." if differing else "all come out the same."
    )
    lines = [
        f"• {said(str(each['before']), 80)} → {said(str(each['after']), 80)}: {each['records']:,}"
        for each in proof["outcomes"]
    ]
    lines += [f"• {said(_place(each), 100)}: {each['records']:,}" for each in proof["fields"]]
    lines = few(lines, _MOST_FIELDS)
    for each in proof["totals"]:
        if each["before"] != each["after"]:
            was, becomes = (Money(currency=each["currency"], minor=each[side]) for side in ("before", "after"))
            lines.append(f"• In all {was} → {becomes}")
    return [section("\n".join([head, *lines]))]


def _place(field: Mapping[str, Any]) -> str:
    return f"{field['write']} {field['path']}".strip()


def _agreement(release: Release, around: Around) -> list[Block]:
    lines = [
        f"{said(around.team_title(team), 60)}: agreed by {person(by, around)}" for team, by in release.approved.items()
    ]
    if release.state is ReleaseState.PROPOSED:
        lines += [f"{said(around.team_title(team), 60)}: has to agree" for team in release.missing]
    return [context(" · ".join(lines))] if lines else []


def _course(release: Release, around: Around, affected: int) -> list[Block]:
    lines = []
    if release.trial is not None and release.state in (ReleaseState.CANARY, ReleaseState.SHADOW):
        lines.append(
            f"It is tried {said(release.trial.words, 150)} since {moment(release.began_at or release.made_at)}."
        )
    if release.ended_by:
        who = "its rule" if release.ended_by == "engine" else person(release.ended_by, around)
        why = f": {said(release.why, 200)}" if release.why else ""
        lines.append(f"Ended by {who}{why}.")
    if affected:
        lines.append(
            f"*{records(affected)} came out otherwise under it.* `meshline releases show {release.id}` lists every field."
        )
    return [section("\n".join(lines))] if lines else []


def _buttons(release: Release, around: Around) -> list[Block]:
    if release.state is ReleaseState.PROPOSED:
        agree = [_agree(release, team, place, around) for place, team in enumerate(release.missing[:_MOST_TEAMS])]
        return [*agree, _button(release, "reject", "Reject", _sure_not(release), style="danger")]
    if release.state in (ReleaseState.CANARY, ReleaseState.SHADOW):
        return [_button(release, "promote", "Let it run for all", _sure(release)), _roll_back(release)]
    if release.state is ReleaseState.ACTIVE and release.based_on:
        return [_roll_back(release)]
    return []


def _agree(release: Release, team: str, place: int, around: Around) -> Block:
    value = carry(Carried(cause=release.id, version=0, verb="release_approve", candidate=team))
    words = f"Agree for {around.team_title(team)}"
    style = None if place else "primary"  # Slack draws one of them as the first
    return button(f"release_approve_{place}", words, value, style=style, confirm=_sure(release))


def _roll_back(release: Release) -> Block:
    words = "The last good release runs again within seconds."
    sure = confirm(f"Roll release {release.id} back?", words, "Roll back", style="danger")
    return _button(release, "roll_back", "Roll back", sure, style="danger")


def _button(release: Release, verb: str, words: str, sure: Block, style: str | None = None) -> Block:
    value = carry(Carried(cause=release.id, version=0, verb=f"release_{verb}"))
    return button(f"release_{verb}", words, value, style=style, confirm=sure)


def _sure(release: Release) -> Block:
    return confirm(f"Release {release.id}", "You agree to what it changes. Your name stays on record.", "Agree")


def _sure_not(release: Release) -> Block:
    return confirm(
        f"Reject release {release.id}?", "It will not run. Your name stays on record.", "Reject", style="danger"
    )
