"""Where kinds of connection come from: the modules of this package, and distributions that register one under the entry point
group `meshline.connectors`. One that cannot be used takes no other with it, and says which distribution it came with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from sync.connectors.kind import Kind

GROUP = "meshline.connectors"
BUILT_IN = "meshline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry(Mapping[str, Kind]):
    """The kinds by name: `ours`, each loaded when it is asked for, and `theirs`. `origins` says which distribution each came with,
    `broken` why one that is registered cannot be used."""

    ours: frozenset[str]
    theirs: Mapping[str, Kind]
    origins: Mapping[str, str]
    broken: Mapping[str, str]

    def __getitem__(self, name: str) -> Kind:
        return _own(name) if name in self.ours else self.theirs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted((*self.ours, *self.theirs)))

    def __len__(self) -> int:
        return len(self.ours) + len(self.theirs)


def registered() -> Registry:
    """Every kind that can be used. A name belongs to us, or to the one distribution that registers it; where two do, neither
    is believed."""
    ours, theirs = _built_in(), dict[str, Kind]()
    origins, broken = dict.fromkeys(ours, BUILT_IN), dict[str, str]()
    points = sorted(entry_points(group=GROUP), key=lambda each: (each.name, _from(each)))
    for name, same in _by_name(points).items():
        froms = " and ".join(map(_from, same))
        if name in ours:
            broken[f"{name} ({froms})"] = f"{froms} registers {name!r}, which Meshline has itself; give it another name"
        elif len(same) > 1:
            broken[name] = f"{name!r} is registered twice, by {froms}; uninstall one of them"
        else:
            found = _loaded(same[0])
            if isinstance(found, Kind):
                theirs[name], origins[name] = found, froms
            else:
                broken[name] = f"{name!r} of {froms} cannot be used: {found}"
    return Registry(ours=ours, theirs=theirs, origins=origins, broken=broken)


def _built_in() -> frozenset[str]:
    """The kinds of this package: each stands in the module of its name, which says KIND."""
    modules = Path(__file__).parent.glob("*.py")
    return frozenset(path.stem for path in modules if b"\nKIND = " in path.read_bytes())


def _own(name: str) -> Kind:
    kind: Kind = import_module(f"{__package__}.{name}").KIND
    return kind


def _by_name(points: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for each in points:
        same = found.setdefault(each.name, [])
        if _from(each) not in map(_from, same):  # one distribution may be found at two places of the path
            same.append(each)
    return found


def _from(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def _loaded(point: EntryPoint) -> Kind | str:
    """The kind, or in words why there is none."""
    try:
        kind = point.load()
        if not isinstance(kind, Kind):
            return f"{point.value} is no Kind"
        _ = kind.abilities
    except (Exception, SystemExit) as error:  # whatever somebody else's module does must not take the others down
        return f"{type(error).__name__}: {error}"
    if kind.name != point.name:
        return f"it calls itself {kind.name!r}; both names must be the same"
    return kind
