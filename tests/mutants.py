"""Takes the protections out one at a time, in a copy of the tree, and sees the tests that guard them fail. A mutant that
survives means a protection that nobody proves. Run it as `python tests/mutants.py`, or with words to choose by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "docs", "node_modules", "*.db")
FAILED = 1  # pytest's exit status when tests ran and some failed


@dataclass(frozen=True, slots=True)
class Mutant:
    """One protection taken out: in `file`, `text` (which stands there once) becomes `instead`, and `tests` must fail."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


def mutant(name: str, file: str, text: str, instead: str, *tests: str) -> Mutant:
    return Mutant(name, file, text, instead, tests)


SETTLING, INTENTS, CLAIMING = (
    "tests/store/test_settling.py",
    "tests/store/test_intents.py",
    "tests/store/test_claiming.py",
)
MOVES, LATE, ENGINE = "tests/store/test_case_moves.py", "tests/store/test_escalation.py", "tests/sync/test_engine.py"
WRITING, DELIVER, BLOCKS = "tests/sync/test_writing.py", "tests/sync/test_deliver.py", "tests/bot/test_blocks.py"
WEBHOOK, WEB = "tests/sync/test_connectors_hubspot_webhook.py", "tests/bot/test_web.py"

MUTANTS = [
    # The lease
    mutant("settling without the lease", "store/settle.py", ", d.lease == delivery.lease)", ")",
           f"{SETTLING}::test_whoever_lost_the_lease_writes_nothing"),
    mutant("settling without the lease and the state", "store/settle.py",
           "guard = (d.id == delivery.id, d.state.in_(move.sources), d.lease == delivery.lease)", "guard = (d.id == delivery.id,)",
           f"{SETTLING}::test_nothing_is_settled_twice", f"{SETTLING}::test_of_two_workers_with_one_lease_one_settles"),
    mutant("beginning a write without the lease", "store/writes.py",
           "ours = (d.id == delivery.id, d.state == DeliveryState.RUNNING, d.lease == delivery.lease)",
           "ours = (d.id == delivery.id, d.state == DeliveryState.RUNNING)",
           f"{INTENTS}::test_whoever_lost_the_lease_may_not_begin_a_write"),
    mutant("ending a write without the lease", "store/writes.py",
           "guard = (writes.c.id == write_id, writes.c.lease == delivery.lease, writes.c.state.in_(move.sources))",
           "guard = (writes.c.id == write_id, writes.c.state.in_(move.sources))",
           f"{INTENTS}::test_whoever_lost_the_write_may_not_end_it"),
    mutant("ending a write twice", "store/writes.py",
           "guard = (writes.c.id == write_id, writes.c.lease == delivery.lease, writes.c.state.in_(move.sources))",
           "guard = (writes.c.id == write_id, writes.c.lease == delivery.lease)",
           f"{INTENTS}::test_a_write_ends_once"),
    mutant("calling after the lease ran out", "sync/writing.py",
           "if self.clock() >= now + timedelta(seconds=self.lease_seconds):", "if False:",
           f"{WRITING}::test_a_worker_that_froze_between_the_record_and_the_call_does_not_call"),
    mutant("posting a card without its lease", "store/cards.py",
           "guard = (cards.c.cause_id == card.cause.id, cards.c.lease == card.lease)", "guard = (cards.c.cause_id == card.cause.id,)",
           "tests/store/test_card_outbox.py::test_a_card_is_leased_to_one_poster"),
    # The line
    mutant("passing the earlier ones of a subject", "store/deliveries.py", "d.due_at <= now, ~in_front,", "d.due_at <= now,",
           f"{CLAIMING}::test_a_held_deal_holds_back_its_own_later_changes_and_nobody_elses"),
    mutant("working beside a running one", "store/deliveries.py", "~busy, ", "",
           f"{CLAIMING}::test_a_repeated_drain_never_leases_two_of_one_subject"),
    mutant("working in spite of a pause", "store/deliveries.py", ", ~paused)", ")",
           f"{CLAIMING}::test_a_paused_flow_and_a_paused_connection_are_left_alone"),
    mutant("never giving up a killer", "store/deliveries.py", "expired = _expired(now).where(deliveries.c.losses + 1 < max_losses)",
           "expired = _expired(now)",
           f"{CLAIMING}::test_a_record_that_kills_its_worker_three_times_is_only_given_out_to_be_buried"),
    # The state guards
    mutant("pressing without the state", "store/cases.py",
           "guard = [cases.c.id.in_(press.cases), cases.c.state.in_(move.sources)]", "guard = [cases.c.id.in_(press.cases)]",
           f"{MOVES}::test_three_people_press_at_once_and_one_counts",
           f"{MOVES}::test_every_move_from_every_state_leads_where_the_table_says_or_is_refused"),
    mutant("waking what is not snoozed", "store/cases.py",
           "over = (cases.c.state.in_(move.sources), cases.c.snoozed_until <= now)", "over = (cases.c.id > 0,)",
           f"{MOVES}::test_only_a_snoozed_case_wakes"),
    mutant("calling off what is on its way", "store/cases.py", 'if press.verb in ("replay", "discard"):', "if False:",
           f"{MOVES}::test_what_is_on_its_way_cannot_be_called_off_any_more"),
    mutant("setting going what is not stopped", "store/replays.py",
           ".where(d.event_id.in_(event_ids), d.state.in_(move.sources))", ".where(d.event_id.in_(event_ids))",
           f"{SETTLING}::test_events_are_replayed_by_name_and_what_moves_already_is_not"),
    mutant("approving one's own proposal", "store/cases.py", "(c.proposed_by == press.by)", '(c.proposed_by == "")',
           f"{MOVES}::test_class_a_is_proposed_by_one_and_approved_by_another"),
    mutant("deciding class A alone", "store/cases.py", "alone = c.four_eyes & ", "alone = ~c.four_eyes & ",
           f"{MOVES}::test_nobody_decides_a_class_a_case_alone"),
    mutant("escalating twice", "store/escalations.py", "cases.c.level < level, past)", "past)",
           f"{LATE}::test_two_clocks_that_ring_at_once_raise_a_level_once"),
    mutant("releasing twice", "store/holds.py", "guard = (holds.c.id == hold_id, holds.c.released_at.is_(None))",
           "guard = (holds.c.id == hold_id,)", f"{LATE}::test_a_hold_is_released_once_with_a_note_and_what_waited_goes_on"),
    # Events once
    mutant("receiving without asking whether it is known", "store/deliveries.py", "insert_or_nothing(tx, events)", "events.insert()",
           "tests/store/test_receiving.py::test_a_change_that_is_told_twice_is_remembered_once"),
    mutant("an event table without its key", "store/migrations/versions/0001_first.py",
           "    sa.UniqueConstraint('connection', 'key', name=op.f('uq_events_connection_key'))\n", "",
           "tests/store/test_receiving.py::test_a_change_that_is_told_twice_is_remembered_once"),
    mutant("a click that counts every time", "store/ticks.py", "return made.one_or_none() is not None\n\n        return await",
           "return True\n\n        return await",
           "tests/store/test_ticks.py::test_a_click_that_slack_sends_again_counts_once_within_the_day"),
    # Writes once
    mutant("creating without looking", "sync/writing.py", "look_first=permit.again", "look_first=False",
           f"{WRITING}::test_after_a_lost_answer_it_rests_then_looks_and_does_not_create"),
    mutant("forgetting that it may have been sent", "store/writes.py", "target_id=row.target_id, again=True)",
           "target_id=row.target_id)",
           f"{DELIVER}::test_a_lost_write_rests_for_the_quarantine_before_it_is_read_back",
           f"{INTENTS}::test_an_unknown_write_rests_before_anybody_reads_it_back"),
    mutant("reading back without the quarantine", "store/writes.py", "if now < row.rests_until:", "if False:",
           f"{INTENTS}::test_an_unknown_write_rests_before_anybody_reads_it_back",
           f"{DELIVER}::test_a_lost_write_rests_for_the_quarantine_before_it_is_read_back"),
    mutant("writing what somebody else is writing", "store/writes.py",
           "if row.lease != delivery.lease and _running(tx, row, now):", "if False:",
           f"{INTENTS}::test_while_another_delivery_writes_the_key_ours_waits"),
    mutant("changing what was posted", "store/writes.py", "return Differs(write_id=row.id, target_id=row.target_id)",
           "return Go(write_id=row.id, target_id=row.target_id)",
           f"{DELIVER}::test_a_deal_that_changes_after_it_was_billed_is_for_finance_and_the_invoice_stays"),
    mutant("posting without comparing the total", "sync/deliver.py", "wrong = differing(shown.record, spec.verify)", "wrong = []",
           f"{DELIVER}::test_a_draft_that_shows_another_total_is_not_posted"),
    mutant("billing in spite of a hold", "sync/deliver.py", "if hold is not None:", "if False:",
           f"{DELIVER}::test_a_held_customer_is_not_billed_until_somebody_releases_it"),
    # The ledger
    mutant("taking the lock too late", "store/database.py", "connection.exec_driver_sql(begin)",
           'connection.exec_driver_sql("BEGIN")',
           "tests/store/test_database.py::test_two_processes_that_read_and_then_write_take_turns"),
    mutant("keeping half of what failed", "store/database.py", "savepoint.rollback()", "savepoint.commit()",
           "tests/store/test_database.py::test_one_job_that_fails_does_not_undo_the_others_of_its_batch"),
    mutant("a ledger that is away taken for a bug", "sync/engine.py", "except (LeaseLost, LedgerUnavailable):", "except LeaseLost:",
           f"{ENGINE}::test_a_ledger_that_cannot_take_a_write_for_a_moment_is_no_bug_of_the_record"),
    mutant("a journal that can be changed", "store/migrations/versions/0001_first.py",
           'refuse_changes(op.get_bind(), "journal")', "pass",
           "tests/store/test_journal.py::test_the_database_refuses_to_change_or_delete_a_line"),
    mutant("a chain that nobody follows", "store/journal.py", "if not whole or row.hash != _chain(", "if row.hash != _chain(",
           "tests/store/test_journal.py::test_a_line_that_was_changed_behind_its_back_is_found"),
    mutant("a hash that nobody computes", "store/journal.py",
           "if not whole or row.hash != _chain(previous, row.seq, row.at, words, row.data):", "if not whole:",
           "tests/store/test_journal.py::test_a_line_that_was_changed_behind_its_back_is_found"),
    # Strangers
    mutant("a CRM that nobody asks to sign", "sync/connectors/hubspot_signature.py",
           "if not hmac.compare_digest(", "if False and not hmac.compare_digest(", WEBHOOK, WEB),
    mutant("a signature that never gets old", "sync/connectors/hubspot_signature.py",
           "if abs((now - _EPOCH)", "if False and abs((now - _EPOCH)", f"{WEB}::test_a_stale_or_future_webhook_is_refused"),
    mutant("a Slack that nobody asks to sign", "bot/app.py", "signing_secret=secret)",
           "signing_secret=secret, request_verification_enabled=False)",
           f"{WEB}::test_slack_requests_without_a_right_signature_are_refused"),
    mutant("text that can be markup", "bot/blocks.py",
           'safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")', "safe", BLOCKS),
    mutant("text that can shout", "bot/blocks.py", '_SHOUT.sub("@\\u2060", _EMOJI.sub("∶", safe))', '_EMOJI.sub("∶", safe)', BLOCKS),
]  # fmt: skip


def run(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=600, check=False)


def fate(base: Path, one: Mutant) -> str:
    """Killed, or what is wrong with the mutant."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = shutil.copytree(base, Path(folder) / "tree")
        path = tree / one.file
        source = path.read_text(encoding="utf-8")
        if source.count(one.text) != 1:
            return f"OUT OF DATE: the text stands {source.count(one.text)} times in {one.file}"
        path.write_text(source.replace(one.text, one.instead), encoding="utf-8")
        for test in one.tests:
            ended = run(tree, (test,))
            if ended.returncode != FAILED:
                return f"SURVIVED {test} (status {ended.returncode}) {ended.stdout[-400:] if ended.returncode else ''}"
    return "killed"


def main(words: list[str]) -> int:
    chosen = [one for one in MUTANTS if all(word in one.name for word in words)]
    guards = tuple(dict.fromkeys(test for one in chosen for test in one.tests))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = shutil.copytree(ROOT, Path(folder) / "tree", ignore=LEFT_OUT)  # one state, whoever edits meanwhile
        whole = run(base, guards)
        if whole.returncode:
            print(whole.stdout[-4000:])
            print("the tests fail without any mutant: nothing can be said")
            return 1
        alive = 0
        with ThreadPoolExecutor(2) as workers:
            for one, end in zip(chosen, workers.map(lambda one: fate(base, one), chosen), strict=True):
                print(f"{end:<8} {one.file:<42} {one.name}", flush=True)
                alive += end != "killed"
    print(f"{len(chosen) - alive} of {len(chosen)} mutants killed")
    return 1 if alive or not chosen else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
