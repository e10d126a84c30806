"""Finds, among many profiles, the few that one may be: by the keys they share, so that nobody is compared with everybody."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.identity.profile import By, Key, Profile, keys_of
from sync.identity.scoring import Match, Verdict, compare

MOST = 60
"""So many profiles, those that share the most keys, are compared with one."""
_CROWD = 1_500  # a key that more carry than this finds nobody
_WEIGHTS = {By.EXTERNAL: 12, By.VAT: 12, By.PLACE: 8, By.PHONE: 6, By.DOMAIN: 6, By.MAILBOX: 4, By.NAME: 6, By.WORD: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A profile that one may be, and how the two compare."""

    id: str
    match: Match


def weight(key: Key) -> int:
    """How much sharing this key says."""
    return _WEIGHTS.get(key.by, 1)


def ranked(profile: Profile, others: Iterable[tuple[str, Profile]]) -> tuple[Hit, ...]:
    """Those of the others that may be this one, the likeliest first; those that are not are left out."""
    hits = [Hit(id=other_id, match=compare(profile, other)) for other_id, other in others]
    likely = (hit for hit in hits if hit.match.verdict is not Verdict.OTHER)
    return tuple(sorted(likely, key=lambda hit: (hit.match.verdict is not Verdict.SAME, -hit.match.score, hit.id)))


class Index:
    """Profiles in memory, by their keys: about 2 kB for each."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._profiles: list[Profile] = []
        self._carriers: defaultdict[Key, array[int]] = defaultdict(lambda: array("I"))

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, profile_id: str, profile: Profile) -> None:
        """Take in one profile."""
        place = len(self._ids)
        self._ids.append(profile_id)
        self._profiles.append(profile)
        for key in keys_of(profile):
            self._carriers[key].append(place)

    def find(self, profile: Profile) -> tuple[Hit, ...]:
        """Those that this profile may be, the likeliest first."""
        return ranked(profile, ((self._ids[place], self._profiles[place]) for place in self._near(profile)))

    def _near(self, profile: Profile) -> Sequence[int]:
        shared: Counter[int] = Counter()
        for key in keys_of(profile):
            carriers = self._carriers.get(key, ())
            if len(carriers) <= _CROWD:
                for place in carriers:
                    shared[place] += weight(key)
        return [place for place, _ in shared.most_common(MOST)]
