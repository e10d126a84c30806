"""The workspace: everything that a customer wrote, loaded, linked and unchanging. It answers who is responsible and by when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sync import clocks, ladder
from sync.errors import NotFound
from sync.lifecycle import Role
from sync.oncall import on_call
from sync.reasons import CONTRACT_OWNER, Fix, Reason, Severity, reason
from sync.steps import Route
from sync.suggestions import ENOUGH
from sync.transforms import NONE, Transform
from sync.workspace.contract import Contract, RouteRule
from sync.workspace.flow import Flow
from sync.workspace.settings import Connection, Digests, EngineSettings, Retention, Team
from sync.workspace.tables import ReferenceTable
from sync.workspace.telling import Packs

Thing = TypeVar("Thing")
_NO_RULE = RouteRule()
_SCHEMES = ("env:", "file:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One loaded directory. `tables` are the reference tables, `own` the company's transforms and `own_source` the text of their
    file; `contracts` are keyed `deal@1.0.0`. After `propose_rule_after` acceptances in a row a suggestion is proposed as a rule."""

    name: str
    directory: Path
    flows: Mapping[str, Flow]
    contracts: Mapping[str, Contract]
    teams: Mapping[str, Team]
    calendars: Mapping[str, clocks.Calendar]
    connections: Mapping[str, Connection]
    tables: Mapping[str, ReferenceTable]
    engine: EngineSettings
    digests: Digests
    retention: Retention
    packs: Packs = field(default_factory=Packs)
    own: Mapping[str, Transform] = field(default_factory=lambda: NONE)
    own_source: str = ""
    propose_rule_after: int = ENOUGH

    def flow(self, name: str) -> Flow:
        """The flow of that name. Raises NotFound."""
        return _named(self.flows, name, "flow")

    def team(self, name: str) -> Team:
        """The team of that name. Raises NotFound."""
        return _named(self.teams, name, "team")

    def calendar(self, team: str) -> clocks.Calendar:
        """The calendar on which a team's clocks run. Raises NotFound."""
        return _named(self.calendars, self.team(team).calendar, "calendar")

    def contract_of(self, flow: Flow) -> Contract:
        """The contract version that the flow names. Raises NotFound."""
        return _named(self.contracts, flow.contract, "contract")

    def roles(self, team: str, user: str) -> frozenset[Role]:
        """What a person may be in a team; empty for somebody who is not in it. Raises NotFound for an unknown team."""
        named = self.team(team)
        places = {
            Role.OWNER: (named.owner, *_taking_turns(named)),
            Role.BACKUP: (named.backup,),
            Role.APPROVER: named.approvers,
            Role.MEMBER: named.members,
        }
        return frozenset(role for role, users in places.items() if user in users)

    def route(self, flow: Flow, code: str, now: datetime) -> Route:
        """Who answers for a reason in a flow, and by when. The contract decides before the reason's own defaults; a reason
        whose team this company does not have goes to the owner of the flow. Class A runs round the clock."""
        known = reason(code)
        contract = self.contract_of(flow)
        rule, role = contract.routes.get(code, _NO_RULE), known.role
        if role == CONTRACT_OWNER:
            role = contract.owner
        name = rule.team or (role if role in self.teams else flow.owner)
        team, severity = self.team(name), rule.severity or known.severity
        resolve = rule.resolve or known.resolve
        respond = min(rule.respond or _respond(known, severity), resolve)
        calendar = None if severity is Severity.A else self.calendar(name)
        owner = self.on_call(name, now)
        backup = team.backup if team.backup != owner else team.owner
        return Route(
            team=name,
            channel=team.channel,
            owner=owner,
            backup=backup,
            severity=severity.value,
            respond_by=_deadline(now, respond, calendar),
            resolve_by=_deadline(now, resolve, calendar),
            four_eyes=severity is Severity.A,
            holds_billing=_stops_an_invoice(known, severity) if rule.holds_billing is None else rule.holds_billing,
            expire_by=_deadline(now, flow.hold_for, calendar),
            remind_at=None if known.passes_by_itself else _deadline(now, respond / 2, calendar),
            ladder=ladder.chain(_steps(team), _places(team, backup), asked=owner),
            hours=calendar,
            on_call=(team.on_call.group or "") if team.on_call else "",
            looks=tuple(now + wait for wait in flow.retry.held) if _looked_at(known, severity) else (),
        )

    def on_call(self, team: str, now: datetime) -> str:
        """Who of a team answers now: whoever has the turn, else its owner. A Slack user group is not asked here."""
        named = self.team(team)
        rota = named.on_call.rota() if named.on_call else None
        return named.owner if rota is None else on_call(rota, now)

    def reprocess_at(self, flow: Flow, now: datetime) -> datetime:
        """When a replay of many records of the flow may go out: now, or when the hours that it keeps begin."""
        if flow.reprocess is None:
            return now
        return clocks.add_working(now, timedelta(), _named(self.calendars, flow.reprocess, "calendar"))

    def references(self) -> list[str]:
        """Every `env:` and `file:` reference of the connections, each once, in order. Nothing here reads them."""
        found = [text for each in self.connections.values() for text in _texts(each.options)]
        return list(dict.fromkeys(text for text in found if text.startswith(_SCHEMES)))


def _named(things: Mapping[str, Thing], name: str, noun: str) -> Thing:
    try:
        return things[name]
    except KeyError:
        raise NotFound(f"there is no {noun} called {name}") from None


def _steps(team: Team) -> Iterator[tuple[str, timedelta]]:
    return ((one.to, one.after) for one in team.escalation)


def _places(team: Team, backup: str) -> dict[str, tuple[str, ...]]:
    return {ladder.BACKUP: (backup,), ladder.APPROVERS: team.approvers, ladder.MEMBERS: team.members}


def _taking_turns(team: Team) -> tuple[str, ...]:
    """Whoever may be on call answers as its owner does."""
    return (*team.on_call.people, *team.on_call.instead.values()) if team.on_call else ()


def _respond(known: Reason, severity: Severity) -> timedelta:
    return replace(known, severity=severity).respond_within


def _deadline(now: datetime, within: timedelta, calendar: clocks.Calendar | None) -> datetime:
    if calendar is None:
        return clocks.round_the_clock(now, within)
    return clocks.add_working(now, within, calendar)


def _looked_at(known: Reason, severity: Severity) -> bool:
    """Class A is never tried again without a person."""
    return severity is not Severity.A and known.passes_by_itself


def _stops_an_invoice(known: Reason, severity: Severity) -> bool:
    """A fault of a system or of a rule says nothing against the customer; what is wrong with a record stops its invoice."""
    return severity is not Severity.C and not (known.role in ("revops", CONTRACT_OWNER) and known.fix is Fix.REPLAY)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
