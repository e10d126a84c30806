"""What waits, and for whom, on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.bot.test_cli import Terminal, lived
from tests.bot.test_cli import terminal as terminal
from tests.bot.test_keeping import down
from tests.world import World


async def held_up(world: World) -> None:
    """A deal that waits for its billing code and was changed twice since."""
    deal = world.deal(world.company(), billing_code="")
    await world.work()
    for number in range(2):
        world.clock.forward(minutes=1)
        world.crm.update("deals", deal, {"dealname": f"Workstations {number}"})
        await world.deliver()


def test_who_holds_up_how_many_can_be_asked(terminal: Terminal, tmp_path: Path) -> None:
    assert "waiting behind" in terminal.says("events", "list", "--waiting")
    lived(terminal, tmp_path, held_up)
    line = terminal.says("events", "list", "--waiting").splitlines()[1].split()
    assert line[1] == "EX-1" and line[-1] == "2"
    [held] = terminal.reads("events", "list", "--waiting")
    assert (held["case_id"], held["behind"], held["hold_id"]) == (1, 2, None)
    assert held["until"] == "2026-11-30T14:30:00+00:00"
    assert "held up: 2 later changes of deals:" in terminal.says("status")
    assert [one["behind"] for one in terminal.reads("status")["waiting"]] == [2]


def test_a_connection_that_does_not_answer_is_named(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, down)
    assert "does not answer: erp since 2026-11-23 09:0" in terminal.says("status")
    [silent] = terminal.reads("status")["silent"]
    assert (silent["connection"], silent["state"]) == ("erp", "open")
