"""What happened becomes one Step. Pure: time and jitter are arguments, nothing is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sync.acknowledging import WARNING, warned
from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unauthorized, Unavailable
from sync.giving_back import CREATE, NewRecord
from sync.model import BillingHold, Binding, Holding, NotDue, Overlay, Plan, Violation, Violations
from sync.money import Money
from sync.naming import called
from sync.policy import wait
from sync.reasons import Fix, reason
from sync.steps import Bury, Deliver, Discard, Hold, Opening, Pause, Retry, Step, Wait
from sync.words import fitted
from sync.workspace.flow import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a card says about the record whatever went wrong with it."""

    title: str = ""
    customer: str | None = None
    money: Money | None = None
    customer_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Every write of the plan is confirmed and verified. `note` is what people should know besides."""

    bindings: tuple[Binding, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """What it bills is on hold; `bills` is whose postings keep their order when the hold is released."""

    hold: BillingHold
    bills: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """A write must not be sent before `until`. It says nothing against the record."""

    until: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A connection did not do what was asked. `side` is "crm" for the source, "erp" for a target."""

    error: ConnectorError
    connection: str
    side: str
    about: About = About()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A person has to look, for a reason that is about this record. `cause` groups; the subject alone when it is empty.
    `holding` is what may not be billed until somebody has looked."""

    reason: str
    detail: str
    about: About = About()
    cause: str = ""
    holding: Holding | None = None


Outcome = Written | Blocked | Resting | Failed | Wrong | Violations | NotDue


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A connection is left alone until then. `opened` is true for the one delivery that found out: its case tells of it."""

    until: datetime
    opened: bool = False


def decide(
    outcome: Outcome,
    *,
    subject: str,
    retries: int,
    policy: RetryPolicy,
    now: datetime,
    jitter: float,
    outage: Outage | None = None,
) -> Step:
    """The one step that follows. In an outage of the connection that failed, nothing counts against the record."""
    match outcome:
        case Written(bindings=bindings, note=note):
            return Deliver(bindings=bindings, detail=note)
        case NotDue(why=why):
            return Discard(why=why)
        case Blocked(hold=hold, bills=bills):
            return Wait(hold_id=hold.id, detail=f"billing of this {hold.scope} is held: {hold.why}", bills=bills)
        case Resting(until=until, detail=detail):
            return Retry(due_at=until, detail=detail, counted=False)
        case Violations():
            return _stop(_opening_of(outcome, subject))
        case Wrong():
            opening = _opening(outcome.reason, outcome.cause or subject, outcome.detail, outcome.about)
            return _stop(replace(opening, holding=outcome.holding))
        case Failed() if outage is not None:
            return _in_outage(outcome, outage, now)
        case Failed():
            return _after_failure(outcome, subject, retries, policy, now, jitter)


def _in_outage(failed: Failed, outage: Outage, now: datetime) -> Step:
    if not outage.opened:  # the breaker holds it back, and it keeps its place for when the connection is there again
        return Retry(due_at=now, detail=str(failed.error), counted=False)
    opening = _opening(f"{failed.side}_unavailable", failed.connection, str(failed.error), failed.about)
    return Pause(due_at=outage.until, opening=opening)


def _after_failure(
    failed: Failed, subject: str, retries: int, policy: RetryPolicy, now: datetime, jitter: float
) -> Step:
    error, about = failed.error, failed.about
    match error:
        case Throttled(sent=False):
            return Retry(due_at=now + wait(policy, 0, jitter, error.retry_after), detail=str(error), counted=False)
        case Unavailable() | AnswerLost() if retries + 1 < policy.attempts:
            after = error.retry_after if isinstance(error, Unavailable) else None
            return Retry(due_at=now + wait(policy, retries, jitter, after), detail=str(error))
        case Unavailable() | AnswerLost():
            return _stop(_opening(f"{failed.side}_unavailable", failed.connection, str(error), about))
        case Unauthorized():
            return _stop(_opening("unauthorized", failed.connection, str(error), about))
        case Rejected():
            words = f"{error.words} ({error.code})" if error.code else error.words
            path = error.path or ""
            violation = Violation(reason=error.reason, path=path, label=called(path), found="", expected=words)
            if error.reason == WARNING:
                words, violation = error.words, warned(error)  # its key says nothing to a person
            cause = f"{error.code or error.reason}:{about.customer or subject}"
            opening = _opening(error.reason, cause, f"{words}{error.asked}", about, (violation,))
            return _stop(opening)
        case _:
            return _stop(_opening("crashed", subject, str(error), about))


def _stop(opening: Opening) -> Step:
    return Bury(opening=opening) if reason(opening.reason).dead else Hold(opening=opening)


def _opening(code: str, cause: str, detail: str, about: About, violations: tuple[Violation, ...] = ()) -> Opening:
    return Opening(
        reason=code, cause=fitted(cause), violations=violations, detail=detail, title=about.title,
        customer=about.customer, money=about.money, customer_name=about.customer_name,
    )  # fmt: skip


def _opening_of(violations: Violations, subject: str) -> Opening:
    first = violations.found[0]
    about = about_of(violations)
    detail = "; ".join(f"{one.label}: {one.expected}" for one in violations.found)
    return _opening(first.reason, violations.cause or cause_of(first, subject), detail, about, violations.found)


def cause_of(violation: Violation, subject: str) -> str:
    """What groups cases: the offending value where one decision can mend them all, the record itself where each needs its own."""
    known = reason(violation.reason)
    shared = known.shared or known.fix in (Fix.PICK, Fix.MERGE) or violation.reason.startswith("unknown_")
    return violation.found if shared and violation.found else subject


def about_of(what: Plan | Violations) -> About:
    """What a card says about a record that was prepared, whether it can be written or not."""
    return About(title=what.title, customer=what.customer, money=what.money, customer_name=what.customer_name)


def shared_questions(cases: Iterable[tuple[Violation, ...]]) -> tuple[Violation, ...]:
    """What one decision for all of these cases is about: the first violation of the first case when they are many (the
    others may have more, which come back after the replay), all of them when it is one."""
    every = list(cases)
    if len(every) == 1:
        return every[0]
    return every[0][:1] if every else ()


def overlays_for(
    violations: tuple[Violation, ...], questions: tuple[Violation, ...], answers: Mapping[int, str | NewRecord]
) -> tuple[Overlay, ...]:
    """What answers (by the question's place) mean for one case. A question of the case itself is about its own path; one
    that was asked for many cases is about every violation of the same reason and value. The empty answer accepts the value."""
    chosen = []
    for violation in violations:
        place = _question(violation, questions)
        if place is None or place not in answers:
            continue
        answer = answers[place]
        action, value = (
            (CREATE, answer.as_text()) if isinstance(answer, NewRecord) else ("set" if answer else "waive", answer)
        )
        chosen.append(
            Overlay(path=violation.path, found=violation.found, action=action, value=value, reason=violation.reason)
        )
    return tuple(chosen)


def _question(violation: Violation, questions: tuple[Violation, ...]) -> int | None:
    same = [
        (index, question)
        for index, question in enumerate(questions)
        if (question.reason, question.found) == (violation.reason, violation.found)
    ]
    exact = [index for index, question in same if question.path == violation.path]
    return exact[0] if exact else next((index for index, _ in same), None)
