"""The ledger's state as Prometheus text. Every figure is read from rows, so it is right after a restart too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from store.ledger import Store
from store.waiting import COUNTED
from store.workers import Worker


async def exposition(store: Store, *, now: datetime) -> str:
    """One scrape."""
    lines = [
        f"# HELP meshline_deliveries Deliveries by flow and state, {COUNTED} of each at most.",
        "# TYPE meshline_deliveries gauge",
    ]
    for flow in await store.status():
        lines += [
            f'meshline_deliveries{{flow="{flow.flow}",state="{state}"}} {many}'
            for state, many in sorted(flow.states.items())
        ]
    lines += [
        "# HELP meshline_exceptions_open Unresolved exceptions by reason.",
        "# TYPE meshline_exceptions_open gauge",
    ]
    for reason, many in (await store.reasons(unresolved=True)).items():
        lines.append(f'meshline_exceptions_open{{reason="{reason}"}} {many}')
    lines += ["# HELP meshline_slack_backlog What Slack still has to get.", "# TYPE meshline_slack_backlog gauge"]
    for kind, many in (await store.backlog()).items():
        lines.append(f'meshline_slack_backlog{{kind="{kind}"}} {many}')
    lines += ["# HELP meshline_rows Rows of the ledger by table.", "# TYPE meshline_rows gauge"]
    for table, many in (await store.counts()).items():
        lines.append(f'meshline_rows{{table="{table}"}} {many}')
    lines += _beats(await store.workers(), now) + _waiting(await store.oldest_due(now=now), now)
    return "\n".join(lines) + "\n"


def _beats(workers: Iterable[Worker], now: datetime) -> list[str]:
    latest: dict[str, datetime] = {}
    for each in workers:
        latest[each.role] = max(each.beat_at, latest.get(each.role, each.beat_at))
    return [
        "# HELP meshline_worker_beat_seconds Since the last beat of any process of a role.",
        "# TYPE meshline_worker_beat_seconds gauge",
        *(f'meshline_worker_beat_seconds{{role="{role}"}} {_since(at, now)}' for role, at in sorted(latest.items())),
    ]


def _waiting(oldest: dict[str, datetime], now: datetime) -> list[str]:
    return [
        "# HELP meshline_oldest_pending_seconds Since the oldest delivery that may be claimed is due, by flow.",
        "# TYPE meshline_oldest_pending_seconds gauge",
        *(f'meshline_oldest_pending_seconds{{flow="{flow}"}} {_since(at, now)}' for flow, at in sorted(oldest.items())),
    ]


def _since(at: datetime, now: datetime) -> str:
    return f"{max(0.0, (now - at).total_seconds()):.3f}"
