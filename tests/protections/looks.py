"""Second looks: once, never at what waits for a second person, and quietly."""

from __future__ import annotations

from tests.protections.mutant import mutant

LEDGER, LOOKS = "tests/store/test_classes.py", "store/looks.py"

MUTANTS = [
    mutant("a look that two take", LOOKS, "cases.c.id.in_([row.id for row in found]), cases.c.look_at <= now, ",
           "cases.c.id.in_([row.id for row in found]), ", f"{LEDGER}::test_two_processes_look_once"),
    mutant("a look at what waits for a second person", LOOKS, '_WAITING = CASE_MOVES["replay"].sources',
           '_WAITING = CASE_MOVES["pass"].sources',
           f"{LEDGER}::test_what_waits_for_a_second_person_or_is_on_its_way_is_not_tried"),
    mutant("a look that tells everybody", "store/outcomes.py", "if row.looking and not reopened:", "if False:",
           f"{LEDGER}::test_a_look_that_finds_the_same_says_nothing_and_the_case_stays_whose_it_is"),
    mutant("class C that pings at once", "store/causes.py", "    if route.severity != Severity.C:\n", "    if True:\n",
           f"{LEDGER}::test_class_c_has_no_card_and_no_line_until_it_is_late"),
    mutant("class A whose owner hears as often as it happens", "store/outcomes.py", " and _first(tx, cause_id, case_id)", "",
           f"{LEDGER}::test_nobody_is_told_twice_of_one_cause_of_class_a"),
]  # fmt: skip
