"""Privacy: what is personal stands nowhere in clear, and is gone with its key."""

from __future__ import annotations

from tests.protections.mutant import mutant

STORE, SYNC = "tests/store/test_privacy.py", "tests/sync/test_minimal.py"
CLEAR = f"{STORE}::test_what_is_personal_is_read_as_it_was_and_stands_nowhere_in_clear"
GONE = f"{STORE}::test_an_erased_subject_is_gone_from_every_row_and_the_journal_stays_whole"

MUTANTS = [
    mutant("text in clear", "store/sealed.py", "return Sealed(keys.seal(plain(value), whose) or ERASED)", "return value", CLEAR),
    mutant("a journal in clear", "store/journal.py", 'case str() if value and name not in IDENTIFIERS:', 'case str() if False:', CLEAR),
    mutant("an erasure that leaves the keys", "store/erasing.py", "destroyed = _destroy(tx, keys_of(tx, found.about), now)",
           "destroyed = 0", GONE),
    mutant("an erasure that leaves what is about several", "store/erasing.py",
           "for hit in list(hits_of(tx, found.values)):", "for hit in []:", GONE),
    mutant("a key from an undone transaction", "store/together.py", "            keys.rolled_back()", "            pass",
           f"{STORE}::test_a_key_that_was_made_in_what_is_undone_seals_nothing_afterwards"),
    mutant("a key that another process would not have", "store/vault.py", "raise ConfigurationError([_WRONG]) from None", "return None",
           f"{STORE}::test_a_ledger_opens_only_with_the_key_that_it_was_made_with"),
    mutant("keeping what nobody declared", "sync/minimal.py", "if node is not None and (node.wanted or node.inside):",
           "if (node := node or Node(wanted=True)):", f"{SYNC}::test_an_undeclared_field_is_not_kept_and_what_is_personal_stands_apart"),
]  # fmt: skip
