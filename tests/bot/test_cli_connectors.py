"""`meshline connectors`: what there is, for people and for programs."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from bot.__main__ import app
from sync.abilities import Ability
from sync.connectors import kinds


def test_programs_read_every_kind_with_abilities_and_options() -> None:
    done = CliRunner().invoke(app, ["connectors", "--json"])
    assert done.exit_code == 0, done.output
    found = {each["name"]: each for each in json.loads(done.stdout)["connectors"]}
    assert found.keys() == kinds().keys()
    assert found["webhook"]["reads"] == ["webhooks", "probe"] and found["webhook"]["writes"] == []
    assert {"post", "void", "credit"} <= set(found["tryton"]["writes"])
    for kind in kinds().values():
        told = {*found[kind.name]["reads"], *found[kind.name]["writes"]}
        assert told == {each.value for each in Ability if each in kind.abilities}
    token = next(each for each in found["hubspot"]["options"] if each["name"] == "token")
    assert token["secret"] and token["default"] is None and "secret" in token["form"]
    timeout = next(each for each in found["rest"]["options"] if each["name"] == "timeout")
    assert (timeout["form"], timeout["default"], timeout["required"]) == ("duration", "30", False)
    assert all(each["from"] == "meshline" and each["title"] for each in found.values())


def test_people_read_the_same_in_words() -> None:
    done = CliRunner().invoke(app, ["connectors"])
    assert done.exit_code == 0
    assert (
        "webhook (meshline)" in done.stdout and "can tell of changes by webhook; prove that it answers" in done.stdout
    )
    assert "    base_url (address, needed): Where the system is reached." in done.stdout
