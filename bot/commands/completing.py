"""Commands with words missing: a dialog asks for them, and what it sends is the command as it would have been typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.blocks import LABEL, PLACEHOLDER, Block, clip, context, option, plain
from bot.carried import Carried, carry
from bot.modals import modal
from bot.wording import Around, title_of
from sync.model import BillingHold, Case
from sync.reasons import REASONS
from sync.workspace.workspace import Workspace

PREFIX = "ask_"
ASKS = ("show", "replay", "run", "pause", "resume", "hold", "release", "reconcile", "trace")
_MOST, _DRY = 100, "dry"
_SCOPES = {"customer": "A customer", "contract": "One contract", "flow": "All that a flow posts"}
_TITLES = {
    "show": ("Show an exception", "Show"), "replay": ("Replay", "Go on"), "run": ("Read a source now", "Read now"),
    "pause": ("Pause a flow", "Pause"), "resume": ("Resume a flow", "Resume"), "hold": ("Hold billing", "Hold billing"),
    "release": ("Release billing", "Release billing"), "reconcile": ("Reconcile", "Compare"), "trace": ("Trace a record", "Trace"),
}  # fmt: skip


def lacking(verb: str, text: str, workspace: Workspace) -> bool:
    """Whether words are missing that a dialog can ask for."""
    if verb not in ASKS or text.strip():
        return False
    return not (verb in ("run", "pause", "resume", "reconcile") and len(workspace.flows) == 1)


def dialog(
    verb: str, workspace: Workspace, cases: Sequence[Case], holds: Sequence[BillingHold], around: Around
) -> Block | None:
    """The dialog for a verb; None when there is nothing to choose from."""
    match verb:
        case "show":
            fields = [_select("case", "Exception", _cases(cases))] if cases else []
        case "replay":
            fields = _replaying(cases, around) if cases else []
        case "hold":
            on = [option(words, scope) for scope, words in _SCOPES.items()]
            named = _typed("customer", "Which one?", "Id in the CRM, or the name")
            fields = [_select("scope", "What is held?", on, first=True), named, _typed("why", "Why?", most=1000)]
        case "release":
            options = [
                option(f"{hold.called} (#{hold.id})", str(hold.id), clip(hold.why, 75)) for hold in holds[:_MOST]
            ]
            why = _typed("why", "Why may billing go on?", most=1000)
            fields = [_select("hold", "Hold", options), why] if options else []
        case "trace":
            fields = [_typed("record", "Record", "Id in the CRM, EX number or trace", most=200)]
        case _:
            options = [
                option(flow.title, name) for name, flow in list(workspace.flows.items())[:_MOST] if len(name) <= 75
            ]
            fields = [_select("flow", "Flow", options)] if options else []
    if not fields:
        return None
    title, submit = _TITLES[verb]
    view = modal(verb, title, fields, submit=submit)
    return view | {"private_metadata": carry(Carried(cause=0, version=0, verb=f"{PREFIX}{verb}"))}


def _replaying(cases: Sequence[Case], around: Around) -> list[Block]:
    codes = sorted({case.reason for case in cases}, key=lambda code: REASONS[code].title)
    reasons = [option(REASONS[code].title, code) for code in codes[:_MOST]]
    flows = [
        option(around.flow_title(name), name)
        for name in sorted({case.flow for case in cases})[:_MOST]
        if len(name) <= 75
    ]
    checks = {"type": "checkboxes", "action_id": "answer", "options": [option("Only look: write nothing", _DRY)]}
    return [
        _select("case", "One exception …", _cases(cases), optional=True),
        _select("reason", "… or all of one reason", reasons, optional=True),
        _select("flow", "… of one flow", flows, optional=True),
        _typed("since", "Stopped since", "2026-01-31, yesterday or 3h", most=40, optional=True),
        _typed("until", "Stopped before", "2026-01-31T14:00 or 1h", most=40, optional=True),
        _field("dry", "Dry run", checks, optional=True),
        context("Many records are looked at first; then five go ahead as a canary."),
    ]  # fmt: skip


def words(verb: str, view: Block) -> tuple[str, dict[str, str]]:
    """The command's words from the submitted dialog, and what is wrong beside its fields."""
    given = entered(view)
    match verb:
        case "replay":
            return _replay_words(given)
        case "hold":
            scope = given.get("scope", "") if given.get("scope") in _SCOPES else "customer"
            return f'{scope} "{given.get("customer", "").replace(chr(34), "")}" {given.get("why", "")}', {}
        case "release":
            return f"{given.get('hold', '')} {given.get('why', '')}", {}
        case _:
            return next((given[name] for name in ("case", "flow", "record") if given.get(name)), ""), {}


def _replay_words(given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    many = " ".join(f"{name} {given[name]}" for name in ("reason", "flow", "since", "until") if given.get(name))
    if bool(given.get("case")) == bool(many):
        return "", {"case": "Choose one exception, or a reason, flow or time for many. Not both."}
    dry = " --dry-run" if given.get("dry") == _DRY else ""
    return f"{given.get('case') or many}{dry}", {}


def entered(view: Block) -> dict[str, str]:
    """What was entered, by the field's name; a ticked box gives its value."""
    values = (view.get("state") or {}).get("values") or {}
    return {name: " ".join(_text(next(iter(each.values()), {})).split()) for name, each in values.items()}


def _text(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option") or next(iter(element.get("selected_options") or []), None) or {}
    return str(chosen.get("value") or element.get("value") or "")


def _cases(cases: Sequence[Case]) -> list[Block]:
    return [option(f"{case.ref} · {title_of(case)}", case.ref, REASONS[case.reason].title) for case in cases[:_MOST]]


def _select(name: str, label: str, options: Sequence[Block], *, optional: bool = False, first: bool = False) -> Block:
    """With `first` the first option is chosen already."""
    element = {"type": "static_select", "action_id": "answer", "placeholder": plain("Choose", PLACEHOLDER),
               "options": list(options)}  # fmt: skip
    chosen = {"initial_option": options[0]} if first else {}
    return _field(name, label, element | chosen, optional=optional)


def _typed(name: str, label: str, hint: str = "", *, most: int = 100, optional: bool = False) -> Block:
    element = {"type": "plain_text_input", "action_id": "answer", "max_length": most, "multiline": most >= 1000}
    return _field(name, label, element | ({"placeholder": plain(hint, PLACEHOLDER)} if hint else {}), optional=optional)


def _field(name: str, label: str, element: Block, *, optional: bool = False) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label, LABEL), "element": element, "optional": optional}
