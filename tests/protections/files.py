"""Files and databases: nothing is skipped, nothing is there twice, and what was there before us is never guessed."""

from __future__ import annotations

from tests.protections.mutant import mutant

SQL, CSV = "tests/sync/test_connectors_sql.py", "tests/sync/test_connectors_csv.py"

MUTANTS = [
    mutant("many rows of one moment", "sync/connectors/sql_polling.py", "or_(stamp > at, and_(stamp == at, key > last))", "stamp > at",
           f"{SQL}::test_twelve_hundred_rows_of_one_moment_are_each_seen_once"),
    mutant("a reference that the table keeps unique", "sync/connectors/sql_tables.py",
           "if reference is not None and reference not in unique:", "if False:",
           f"{SQL}::test_a_table_that_is_not_as_the_workspace_says_is_told_with_everything_at_once"),
    mutant("a commit that was not confirmed", "sync/connectors/sql_errors.py", "    if committing:", "    if False:",
           f"{SQL}::test_a_commit_that_was_not_confirmed_is_an_answer_lost_and_found_by_reference"),
    mutant("one row for each reference of a file", "sync/connectors/csv_target.py", "            if reference in rows:", "            if False:",
           f"{CSV}::test_a_record_is_one_row_found_by_its_reference_whoever_writes_at_once"),
    mutant("cells that a spreadsheet would execute", "sync/connectors/csv_cells.py",
           "return text if harmless else f\"'{text}\"", "return text",
           f"{CSV}::test_no_cell_is_a_formula_and_each_reads_back_as_it_was_meant"),
    mutant("several that may be the one that was there", "sync/adopting.py", "if len(found) > 1:", "if False:",
           "tests/bot/test_backfill.py::test_two_that_may_be_the_one_are_never_guessed"),
]  # fmt: skip
