"""The ledger's state as Prometheus text. Every figure is read from rows, so it is right after a restart too."""

from __future__ import annotations

from store.ledger import Store


async def exposition(store: Store) -> str:
    """One scrape."""
    lines = ["# HELP meshline_deliveries Deliveries by flow and state.", "# TYPE meshline_deliveries gauge"]
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
    return "\n".join(lines) + "\n"
