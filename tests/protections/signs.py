"""Leading signs: told by one process, once, and over when it is over."""

from __future__ import annotations

from tests.protections.mutant import mutant

SIGNS = "tests/bot/test_signs.py"

MUTANTS = [
    mutant("a sign that every process tells", "store/signs.py",
           "_S.since == sign.since, _S.told.is_(False))", "_S.since == sign.since)",
           f"{SIGNS}::test_of_two_processes_that_see_it_one_speaks"),
    mutant("a source that is read again and still told of", "bot/jobs.py",
           "        await self.signs.read(flow)\n", "",
           f"{SIGNS}::test_a_sign_in_that_is_not_accepted_is_told_at_once_and_once_and_so_is_its_end"),
]  # fmt: skip
