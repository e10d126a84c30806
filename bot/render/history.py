"""How a contract or a flow became what it is, as a part of its page."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.page import Paragraph, Revision, Section, Table


def history_section(revisions: Sequence[Revision]) -> Section:
    """The newest first; a version is said where it was raised."""
    if not revisions:
        return Section(
            title="Change history",
            parts=(
                Paragraph(
                    words="Nothing is known of it here: the files are in no git repository, or not committed yet."
                ),
            ),
        )
    rows = []
    for at, each in enumerate(revisions):
        before = revisions[at + 1].version if at + 1 < len(revisions) else None
        version = each.version if each.version != before else ""
        rows.append((each.day, version and f"→ {version}", each.words, each.author))
    table = Table(
        caption="Every change of the file, the newest first", heads=("Day", "Version", "What", "Who"), rows=tuple(rows)
    )
    return Section(title="Change history", parts=(table,))
