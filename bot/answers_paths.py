"""What `/sync` tells of a record's path, and of who answers for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.blocks import Block, context, few, fields, header, message, moment, said, section
from bot.wording import CLASSES, Around, counted, person
from sync.model import Record
from sync.reasons import REASONS, reason
from sync.workspace.settings import Team
from sync.workspace.workspace import Workspace

_STATES = {"delivered": "delivered", "pending": "waits for its turn", "running": "is under way", "held": "waits for a decision",
           "dead": "stopped for good", "discarded": "not billed"}  # fmt: skip
_STEPS = {"deliver": "delivered", "retry": "tried again later", "hold": "stopped for a decision", "bury": "stopped for good",
          "ignore": "nothing to do", "discard": "given up", "wait": "waits for a billing hold", "rest": "waits for a trial"}  # fmt: skip
_WRITES = {
    "confirmed": "confirmed",
    "sent": "sent, no answer yet",
    "unknown": "answer lost, read back first",
    "refused": "refused",
}
_PLACES = {
    "backup": "the backup",
    "approvers": "the approvers",
    "members": "the members",
    "channel": "the whole channel",
}
_DOES = {
    "create": "create",
    "update": "change",
    "post": "post",
    "credit": "credit",
    "void": "void",
    "upsert": "create or change",
}
_LINES, _STORIES, _TEAMS, _REASONS, _SHOWN = 12, 5, 20, 30, 10


def path(stories: Sequence[Record], around: Around) -> Block:
    """What happened to these events, the newest first."""
    first = stories[0]["event"]
    blocks = [header(f"Path of {said(first.subject, 100)}")]
    for story in stories[:_STORIES]:
        event = story["event"]
        came = f"*Event {event.id}* · received {moment(event.received_at)} · trace {said(event.trace, 64)}"
        blocks.append(section(came))
        blocks += [section(_journey(each, around)) for each in story["deliveries"]] or [section("No flow takes it.")]
    states = {
        f"{around.flow_title(each['flow'])}: {_STATES.get(each['state'], each['state'])}"
        for each in stories[0]["deliveries"]
    }
    text = (
        f"Path of {first.subject}: {counted(len(stories), 'event')}; {', '.join(sorted(states)) or 'no flow takes it'}."
    )
    return message(said(text, 1000), *blocks)


def _journey(each: Record, around: Around) -> str:
    detail = f": {said(each['detail'], 200)}" if each["detail"] else ""
    state = _STATES.get(each["state"], said(each["state"], 40))
    head = f"*{said(around.flow_title(each['flow']), 80)}* · {state}{detail}"
    lines = [f"• {_attempt(one)}" for one in each["attempts"]]
    lines += [f"• {_call(one)} {said(one['target'] or '', 60)} · {_wrote(one)}"
              for one in each["writes"]]  # fmt: skip
    lines += [f"• {case.ref} · {reason(case.reason).title} · {said(case.state, 20)}" for case in each["cases"]]
    return "\n".join([head, *few(lines, _LINES)])


def _attempt(one: Record) -> str:
    detail = f": {said(one['detail'], 150)}" if one["detail"] else ""
    return f"attempt {one['number']} · {moment(one['at'])} · {_STEPS.get(one['step'], said(one['step'], 40))}{detail}"


def _call(one: Record) -> str:
    connection, _, entity = str(one["to"]).partition("/")
    does = _DOES.get(one["operation"], said(str(one["operation"]), 20))
    return f"{does} {said(entity, 60)} in {said(connection, 60)}"


def _wrote(one: Mapping[str, object]) -> str:
    return _WRITES.get(str(one["state"]), said(str(one["state"]), 20))


def owners(workspace: Workspace, around: Around) -> Block:
    """Every team on a few lines, and what it owns."""
    blocks = [header("Who answers for what")]
    blocks += map(
        section, few([_team_lines(workspace, name, team, around) for name, team in workspace.teams.items()], _TEAMS)
    )
    blocks.append(context("`/sync owners team` shows the reasons and clocks of one team."))
    first = "; ".join(f"{team.title}: {around.person(team.owner)}" for team in list(workspace.teams.values())[:_SHOWN])
    return message(said(f"{counted(len(workspace.teams), 'team')}. {first}.", 1000), *blocks)


def team(workspace: Workspace, name: str, around: Around) -> Block:
    """One team: its people, what it owns, and each reason that comes to it with its class and clock."""
    found = workspace.team(name)
    lines = _routed(workspace, name, around)
    answers = few(lines, _REASONS) or ["No reason comes to this team."]
    blocks = [
        header(said(found.title, 100)),
        fields(
            ("Owner", person(found.owner, around)),
            ("Asked now", person(workspace.on_call(name, around.now), around)),
            ("Backup", person(found.backup, around)),
            ("Approvers", ", ".join(person(one, around) for one in found.approvers) or "nobody"),
            ("Members", ", ".join(person(one, around) for one in found.members) or "nobody else"),
            ("Channel", f"<#{found.channel}>"),
            ("Clock", _hours(workspace, name)),
            ("When it is late", ", then ".join(f"{_PLACES.get(one.to, said(one.to, 40))}{_after(one.after)}" for one in found.escalation)),
        ),
        *([section(f"*Owns* {owned}")] if (owned := _owned(workspace, name)) else []),
        *(section("\n".join(["*Answers for*", *answers[at : at + 10]] if not at else answers[at : at + 10]))
          for at in range(0, len(answers), 10)),
    ]  # fmt: skip
    text = f"{found.title}: {around.person(found.owner)} owns it, {around.person(found.backup)} stands in."
    return message(said(text, 1000), *blocks)


def _team_lines(workspace: Workspace, name: str, team: Team, around: Around) -> str:
    approvers = ", ".join(person(one, around) for one in team.approvers) or "nobody"
    owned = _owned(workspace, name)
    return "\n".join([
        f"*{said(team.title, 80)}* · <#{team.channel}>",
        f"{person(team.owner, around)} owns it{_asked(workspace, name, around)} · {person(team.backup, around)} stands in · approves: {approvers}",
        *([f"Owns {owned}"] if owned else []),
    ])  # fmt: skip


def _asked(workspace: Workspace, name: str, around: Around) -> str:
    now = workspace.on_call(name, around.now)
    return f", {person(now, around)} is on call" if now != workspace.team(name).owner else ""


def _owned(workspace: Workspace, name: str) -> str:
    flows = [f"the flow {said(flow.title, 80)}" for flow in workspace.flows.values() if flow.owner == name]
    contracts = [f"the contract {said(each.ref, 80)}" for each in workspace.contracts.values() if each.owner == name]
    return ", ".join(few([*flows, *contracts], _SHOWN))


def _hours(workspace: Workspace, name: str) -> str:
    calendar = workspace.calendar(name)
    opens, closes = (f"{at // 60:02d}:{at % 60:02d}" for at in (calendar.opens, calendar.closes))
    return f"{opens} to {closes}, {said(calendar.timezone, 60)}; class A runs round the clock"


def _after(time: timedelta) -> str:
    return f" {_within(time)} later" if time else " at once"


def _routed(workspace: Workspace, name: str, around: Around) -> list[str]:
    found = dict[str, str]()
    for flow in workspace.flows.values():
        for code, known in REASONS.items():
            route = workspace.route(flow, code, around.now)
            if route.team == name:
                rule = workspace.contract_of(flow).routes.get(code)
                within = (rule.resolve if rule else None) or known.resolve
                found[code] = (
                    f"• {known.title} · class {route.severity}, {CLASSES[route.severity]} · within {_within(within)}"
                )
    return list(found.values())


def _within(time: timedelta) -> str:
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    return f"{counted(hours, 'hour')}" if not minutes else f"{counted(hours * 60 + minutes, 'minute')}"
