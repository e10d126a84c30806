"""What a connection may be able to do, each ability with the words that people read. A kind of connection declares which it
has; a flow that needs another one is refused when the workspace is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Ability(StrEnum):
    """One thing that a connection can do. The order is the one in which they are shown."""

    WEBHOOKS = "webhooks"
    CHANGES = "changes"
    READ = "read"
    SEARCH = "search"
    LIST = "list"
    COUNT = "count"
    DESCRIBE = "describe"
    FIND = "find"
    CREATE = "create"
    UPDATE = "update"
    POST = "post"
    VOID = "void"
    CREDIT = "credit"
    BULK = "bulk"
    WARNINGS = "warnings"
    ADOPT = "adopt"
    WRITE_BACK = "write_back"
    TASK = "task"
    PROBE = "probe"


WORDS: Mapping[Ability, str] = MappingProxyType(
    {
        Ability.WEBHOOKS: "tell of changes by webhook",
        Ability.CHANGES: "be polled for what changed",
        Ability.READ: "show a record as it is now",
        Ability.SEARCH: "search records by their fields",
        Ability.LIST: "list records page by page",
        Ability.COUNT: "count records and add up an amount",
        Ability.DESCRIBE: "say which fields it has",
        Ability.FIND: "find a record by our reference",
        Ability.CREATE: "create records",
        Ability.UPDATE: "change records",
        Ability.POST: "post drafts",
        Ability.VOID: "take drafts back",
        Ability.CREDIT: "credit what is posted",
        Ability.BULK: "create many records in one call",
        Ability.WARNINGS: "let a person agree to its warnings",
        Ability.ADOPT: "give our reference to a record that was there before",
        Ability.WRITE_BACK: "take back what people decided",
        Ability.TASK: "create tasks for people",
        Ability.PROBE: "prove that it answers",
    }
)
"""Each ability after "can"."""

READS = frozenset(Ability(each) for each in "webhooks changes read search list count describe probe".split())
"""What changes nothing in the other system."""
