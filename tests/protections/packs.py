"""Packs and receipts: once in Slack whatever happens, nothing in the rows that runs, and outcomes told once."""

from __future__ import annotations

from tests.protections.mutant import mutant

OUTBOX, SENDING = "tests/store/test_packing.py", "tests/bot/test_pack_sending.py"
PACKS, FIGURES = "tests/bot/test_packs.py", "tests/store/test_figures.py"
LOST = f"{SENDING}::test_an_answer_that_gets_lost_makes_no_second_message_and_no_second_file"
DIED = f"{OUTBOX}::test_one_sends_at_a_time_and_one_that_died_in_the_middle_is_taken_over_in_doubt"

MUTANTS = [
    mutant("a pack without a lease", "store/packing.py",
           "values(lease=lease, due_at=now + _LEASE)", "values(lease=lease)", DIED),
    mutant("a pack written by who lost its lease", "store/packing.py",
           "guard = (packs.c.id == post.id, packs.c.lease == post.lease, *more)", "guard = (packs.c.id == post.id, *more)", DIED),
    mutant("a file kept by who lost the lease", "store/packing.py",
           "packs.c.lease == post.lease)\n            mine", "packs.c.id > 0)\n            mine", DIED),
    mutant("a pack of a dead sender taken for unsent", "store/packing.py",
           "unsure=bool(row.unsure) or row.lease is not None", "unsure=bool(row.unsure)", DIED),
    mutant("a pack posted again without a look", "bot/pack_sender.py",
           "post.id, post.made_at) if post.unsure else None", "post.id, post.made_at) if False else None", LOST),
    mutant("a file sent again without a look", "bot/pack_sender.py",
           "if one.file_id is not None and await self._is_there(one.file_id):", "if False:", LOST),
    mutant("a pack that fails with its charts", "bot/pack_sender.py",
           "            return await self._given_up(post, one, refusal.words(error))\n        except", "            raise\n        except",
           f"{SENDING}::test_charts_that_slack_does_not_take_leave_their_sentences_and_the_pack_still_comes"),
    mutant("a chart given up because Slack is away", "bot/pack_sender.py", "if passes and post.failures < _TRIES:", "if False:",
           f"{SENDING}::test_slack_is_away_on_monday_morning_and_the_pack_comes_whole_afterwards"),
    mutant("a cell that a spreadsheet runs", "bot/pack_csv.py", 'if text.lstrip(" ").startswith(_FORMULA) else text', 'if False else text',
           f"{PACKS}::test_no_cell_of_the_rows_is_a_formula_and_money_is_text_beside_its_currency"),
    mutant("an outcome told again", "store/outcomes.py", "first = (cases.c.id == row.id, cases.c.outcome_at.is_(None))",
           "first = (cases.c.id == row.id,)",
           f"{FIGURES}::test_what_became_of_a_decision_is_told_in_the_thread_once_and_how_long_it_took"),
    mutant("a receipt told by each process", "bot/quiet_notes.py",
           'announce(channel, name, drawn["text"], now=now, body=drawn, once=slot)', 'announce(channel, name, drawn["text"], now=now, body=drawn)',
           "tests/bot/test_receipts.py::test_the_next_owner_hears_once_an_hour_what_was_posted_and_nothing_of_an_hour_without"),
    mutant("a made-up record on a receipt", "store/figures.py", "e.kind != apart, wrote", "wrote",
           "tests/bot/test_jobs.py::test_nothing_to_say_is_not_said"),
]  # fmt: skip
