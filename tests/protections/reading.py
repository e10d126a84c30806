"""Reading: what is only looked at writes nothing, and what people read are sentences and names."""

from __future__ import annotations

from tests.protections.mutant import mutant

DIALOGS, CARDS = "tests/bot/test_command_dialogs.py", "tests/bot/test_every_card.py"
NAMES, MENUS = "tests/bot/test_names_on_cards.py", "tests/bot/sandbox/slack/test_slack_menus.py"

MUTANTS = [
    mutant("a dry run that replays", "bot/commands/completing.py", 'if given.get("dry") == _DRY else', "if False else",
           f"{DIALOGS}::test_who_only_wants_to_look_does_not_replay"),
    mutant("a line of a card that breaks off", "bot/wording.py", 'words[-1] not in ".!?…"', "False",
           f"{CARDS}::test_the_card_of_every_class_and_state_reads_as_sentences"),
    mutant("a card that calls people by their ids", "bot/poster.py", "for rung in case.ladder for name in rung.people",
           "for rung in () for name in rung.people", f"{NAMES}::test_the_names_of_all_whom_a_card_may_name_are_asked_for"),
    mutant("options that Slack would not show", "bot/sandbox/slack/client.py", "if problems := suggestion_problems(ack.body):",
           "if problems := list[str]():", f"{MENUS}::test_options_that_slack_could_not_show_are_trouble_and_said_so"),
]  # fmt: skip
