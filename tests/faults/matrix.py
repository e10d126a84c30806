"""All rows of the fault matrix, in the order in which they run."""

from tests.faults import row_answers, row_database, row_flood, row_kill, row_moved, row_replicas, row_slack
from tests.faults.rows import ROWS

__all__ = ["ROWS", "row_answers", "row_database", "row_flood", "row_kill", "row_moved", "row_replicas", "row_slack"]
