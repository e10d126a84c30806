"""What a row of the table of protections is, and where its tests stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One protection taken out: in `file`, `text` (which stands there once) becomes `instead`, and `tests` must fail. With
    `postgres` they run on a PostgreSQL server, where several really write at once."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]
    postgres: bool = False


def mutant(name: str, file: str, text: str, instead: str, *tests: str, postgres: bool = False) -> Mutant:
    return Mutant(name=name, file=file, text=text, instead=instead, tests=tests, postgres=postgres)


SETTLING = "tests/store/test_settling.py"
INTENTS = "tests/store/test_intents.py"
CLAIMING = "tests/store/test_claiming.py"
RECEIVING = "tests/store/test_receiving.py"
LINES = "tests/store/test_lines.py"
BREAKERS = "tests/store/test_breakers.py"
DATABASE = "tests/store/test_database.py"
JOURNAL = "tests/store/test_journal.py"
MOVES = "tests/store/test_case_moves.py"
LATE = "tests/store/test_escalation.py"
NEWEST = "tests/store/test_newest.py"
EXPIRY = "tests/store/test_expiry.py"
RETENTION = "tests/store/test_retention.py"
OUTAGES = "tests/store/test_outages.py"
TICKS = "tests/store/test_ticks.py"
TIDYING = "tests/store/test_tidying.py"
SCHEMA = "tests/store/test_schema.py"
CARDS = "tests/store/test_card_outbox.py"
MODES = "tests/store/test_flow_modes.py"
WRITING = "tests/sync/test_writing.py"
DELIVER = "tests/sync/test_deliver.py"
ENGINE = "tests/sync/test_engine.py"
HOLDS = "tests/sync/test_holds.py"
TRAFFIC = "tests/sync/test_traffic.py"
BULK = "tests/sync/test_bulk.py"
BATCHES = "tests/sync/test_batches.py"
FROZEN = "tests/sync/test_frozen.py"
BREAKER = "tests/sync/test_breaker.py"
HTTP = "tests/sync/test_connectors_http.py"
WEBHOOK = "tests/sync/test_connectors_hubspot_webhook.py"
WEB = "tests/bot/test_web.py"
BLOCKS = "tests/bot/test_blocks.py"
FIRST, SECOND = "store/migrations/versions/0001_first.py", "store/migrations/versions/0002_in_line.py"
