"""The way to another system: one token for all, no link that leads elsewhere, no circle, no wrong clock, and a limit that is used."""

from __future__ import annotations

from tests.protections.mutant import mutant

TOKENS, WIRE = "tests/sync/test_connectors_tokens.py", "tests/sync/test_connectors_wire.py"
BAD, TURNS = "tests/sync/test_connectors_bad_input.py", "tests/sync/test_throttle.py"

MUTANTS = [
    mutant("a token for each who waits", "sync/connectors/tokens.py", "if self._fetched == seen:", "if self._fetched >= seen:",
           f"{TOKENS}::test_fifty_requests_that_need_a_token_fetch_one"),
    mutant("a token that is used after its end", "sync/connectors/tokens.py", "min(now + _AGAIN, self._ends_at)", "now + _AGAIN",
           f"{TOKENS}::test_an_endpoint_that_is_down_hurts_nobody_while_the_token_is_good"),
    mutant("a link followed anywhere", "sync/connectors/links.py", "_origin(url) != _origin(base)", "False",
           f"{WIRE}::test_a_link_is_followed_only_to_where_the_connection_leads"),
    mutant("a circle that is not noticed", "sync/circles.py", "if place == self.mark:", "if place is self:",
           f"{BAD}::test_a_circle_of_any_length_is_noticed_and_a_straight_walk_is_none"),
    mutant("a secret that the other side says back", "sync/connectors/http.py", "for each in call.hidden)):", "for each in ())):",
           f"{TOKENS}::test_no_secret_is_shown_when_the_endpoint_says_it_back"),
    mutant("a rate that its own use slows down", "sync/throttle.py", "elif not limit.low or self._fits(limit):", "elif not limit.low:",
           f"{TURNS}::test_a_rate_that_the_limit_allows_for_good_is_not_slowed_by_what_it_leaves"),
]  # fmt: skip
