"""Connectors of other distributions: found by their entry point, judged one by one, and never in the way of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.connectors import Kind, build, kinds
from sync.errors import ConfigurationError
from sync.workspace.loader import attempt

WORKING = """
from sync.connectors.kind import Kind
from sync.connectors.options import Options


class Acme:
    def __init__(self, options: object, name: str) -> None: ...
    async def probe(self) -> str:
        return "it answers"
    async def close(self) -> None: ...


KIND = Kind(name="acme", options=Options, build=Acme)
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a distribution with one module onto the path, as an installation would."""

    def put(distribution: str, module: str, text: str, *, name: str = "acme") -> None:
        (tmp_path / f"{module}.py").write_text(text)
        about = tmp_path / f"{distribution}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[meshline.connectors]\n{name} = {module}:KIND\n")
        kinds.cache_clear()

    monkeypatch.syspath_prepend(str(tmp_path))
    yield put
    kinds.cache_clear()


def test_each_of_ours_stands_in_the_module_of_its_name() -> None:
    assert {name: (kind.name, isinstance(kind, Kind)) for name, kind in kinds().items()} == {
        name: (name, True) for name in kinds()
    }


def test_a_distribution_registers_a_kind_and_it_is_there(install: Install) -> None:
    ours = set(kinds())
    install("acme-meshline", "acme_kind_a", WORKING)
    assert set(kinds()) == ours | {"acme"}
    assert kinds().origins["acme"] == "acme-meshline 1.0" and kinds().origins["rest"] == "meshline"
    assert kinds().broken == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_library_of_theirs\n", "ModuleNotFoundError: No module named 'no_such_library_of_theirs'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("KIND = 'acme'\n", "is no Kind"),
        ("nothing = 1\n", "AttributeError"),
        (WORKING.replace('name="acme"', 'name="other"'), "it calls itself 'other'"),
        (WORKING.replace("build=Acme", "build=lambda options, name: Acme(options, name)"), "does not say its `connector`"),
    ],
    ids=["import", "exit", "no-kind", "no-attribute", "other-name", "no-class"],
)  # fmt: skip
def test_one_that_cannot_be_used_names_its_distribution_and_takes_no_other_down(
    install: Install, text: str, said: str, request: pytest.FixtureRequest
) -> None:
    ours = set(kinds())
    install("acme-meshline", f"acme_broken_{request.node.callspec.id.replace('-', '_')}", text)
    assert set(kinds()) == ours
    [why] = kinds().broken.values()
    assert "'acme' of acme-meshline 1.0 cannot be used" in why and said in why
    with pytest.raises(ConfigurationError, match=r"of acme-meshline .* cannot be used"):
        build("acme", {}, name="crm")


def test_a_workspace_that_names_it_hears_why(install: Install, tmp_path: Path) -> None:
    install("acme-meshline", "acme_broken_there", "import no_such_library_of_theirs\n")
    directory = tmp_path / "workspace"
    directory.mkdir()
    (directory / "meshline.yaml").write_text("name: x\nconnections:\n  crm:\n    kind: acme\n")
    found = [each for each in attempt(directory, kinds())[1] if each.line == 4]
    assert [("acme-meshline 1.0 cannot be used" in each.what, "uninstall" in each.right) for each in found] == [
        (True, True)
    ]


def test_our_own_names_stay_ours(install: Install) -> None:
    mine = kinds()["rest"]
    install("evil-meshline", "evil_kind", WORKING.replace('name="acme"', 'name="rest"'), name="rest")
    assert kinds()["rest"].build is mine.build
    [why] = kinds().broken.values()
    assert "evil-meshline 1.0 registers 'rest', which Meshline has itself" in why


def test_a_name_that_two_distributions_register_belongs_to_neither(install: Install) -> None:
    install("acme-meshline", "acme_kind_b", WORKING)
    install("other-meshline", "acme_kind_c", WORKING)
    assert "acme" not in kinds()
    assert kinds().broken == {
        "acme": "'acme' is registered twice, by acme-meshline 1.0 and other-meshline 1.0; uninstall one of them"
    }
