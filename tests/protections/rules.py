"""Rules: what cannot be told is no pass, what could take long is not begun, and who is asked last is asked last."""

from __future__ import annotations

from tests.protections.mutant import mutant

RULES = "tests/sync/test_rules.py"
ELSEWHERE = "tests/sync/test_elsewhere.py"
HOSTILE = "tests/sync/test_hostile.py"
OWN = "tests/sync/test_own_transforms.py"
REFERENCES = "tests/sync/test_references.py"
INFORCE = "tests/sync/test_inforce.py"

MUTANTS = [
    mutant("an error in a rule that says no", "sync/cel.py", "    if value.type() != _cel.Type.BOOL:\n        raise RuleFailed(",
           "    if value.type() != _cel.Type.BOOL:\n        return False\n        raise RuleFailed(",
           f"{RULES}::test_a_rule_that_cannot_be_evaluated_is_a_failed_rule_and_never_false"),
    mutant("floats beside amounts in rules", "sync/cel.py", 'if kind == "float" or', 'if kind == "flat" or',
           f"{RULES}::test_a_rule_beyond_the_bounds_is_refused_before_it_runs"),
    mutant("rules that see everything", "sync/facts.py", "if self.left < 0 or depth > DEEPEST:", "if depth > 10**6:",
           f"{RULES}::test_a_record_nested_a_thousand_deep_is_a_failed_rule"),
    mutant("a rule that repeats what is known", "sync/formal.py", "    if scene.is_spoiled_within(", "    if False and scene.is_spoiled_within(",
           f"{RULES}::test_a_rule_keeps_quiet_about_what_is_known_to_be_wrong_already"),
    mutant("patterns that run forever", "sync/patterns.py", ".work > _MOST_WORK:", ".work > 10**15:",
           f"{HOSTILE}::test_a_pattern_that_could_run_forever_is_refused"),
    mutant("lists without end", "sync/mapping.py", "if sum(len(value) for _, value in lists) > MOST_ITEMS:", "if len(lists) > 10**9:",
           f"{HOSTILE}::test_many_lines_are_judged_in_time"),
    mutant("characters that no system keeps", "sync/sending.py", "        return value if value.isprintable() else sound(value)",
           "        return value", f"{HOSTILE}::test_what_is_sent_can_be_sent"),
    mutant("others asked about what is wrong anyway", "sync/prepare.py",
           "    if checks.judged(scene, suspects(record, flow, workspace.tables), tuple(overlays)):\n        return ()\n", "",
           f"{ELSEWHERE}::test_nobody_else_is_asked_while_something_else_is_wrong"),
    mutant("silence that is a pass", "sync/scene.py", "        if records is None:\n            raise CannotTell(",
           "        if records is None:\n            return ()\n            raise CannotTell(",
           f"{ELSEWHERE}::test_a_system_that_was_not_asked_is_no_pass_and_an_empty_value_is_not_asked_about"),
    mutant("an error of nobody", "sync/asking.py", "        error.connection = question.connection\n", "",
           f"{ELSEWHERE}::test_an_error_names_the_connection_that_did_not_answer"),
    mutant("one cohort for all flags", "sync/inforce.py", 'f"{flag}:{subject}"', 'f"{subject}"',
           f"{INFORCE}::test_a_share_is_about_as_large_as_it_says_and_only_grows"),
    mutant("a reference to nothing that is left out", "sync/bodies.py", "        elif not ids:\n", "        elif ids is not ids:\n",
           f"{REFERENCES}::test_what_is_not_bound_once_stops_the_record"),
    mutant("transforms that hang one after the other", "sync/bodies.py", "            self.stuck = True\n", "",
           f"{OWN}::test_several_that_never_return_cost_the_time_of_one"),
    mutant("transforms that open files", "sync/workspace/ours.py", "case ast.Name(id=name) if name in REFUSED:",
           "case ast.Name(id=name) if name in ():", f"{OWN}::test_a_broken_file_is_a_mistake_with_its_line"),
]  # fmt: skip
