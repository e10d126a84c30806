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
    lines += await _between(store, now)
    lines += _beats(await store.workers(), now) + _waiting(await store.oldest_due(now=now), now)
    return "\n".join(lines) + "\n"


async def _between(store: Store, now: datetime) -> list[str]:
    """How the sources are: when each was read last, what goes wrong with it, and how late records arrive."""
    lines = [
        "# HELP meshline_source_read_seconds Since a source was read last, by connection and entity.",
        "# TYPE meshline_source_read_seconds gauge",
    ]
    for (connection, entity), at in sorted((await store.read_at()).items()):
        lines.append(f'meshline_source_read_seconds{{connection="{connection}",entity="{entity}"}} {_since(at, now)}')
    lines += [
        "# HELP meshline_source_signs What goes wrong with a source, and how often since it began.",
        "# TYPE meshline_source_signs gauge",
    ]
    for sign in await store.signs():
        labels = f'kind="{sign.kind}",connection="{sign.connection}",entity="{sign.entity}"'
        lines.append(f"meshline_source_signs{{{labels}}} {sign.many}")
    lines += [
        "# HELP meshline_lag_seconds From the change in the source to its last record in the target, of the latest deliveries.",
        "# TYPE meshline_lag_seconds gauge",
    ]
    for flow, (half, most) in sorted((await store.lags()).items()):
        lines.append(f'meshline_lag_seconds{{flow="{flow}",quantile="0.5"}} {half:.3f}')
        lines.append(f'meshline_lag_seconds{{flow="{flow}",quantile="0.95"}} {most:.3f}')
    return lines


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
