"""A connector of one's own to begin with: one file, its test, and how Meshline finds it. All of it runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path

from sync.connectors import kinds
from sync.errors import ConfigurationError

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_HERE = Path(__file__).parent
_IN_HERE = "from sync.connectors.testing.template import KIND\n"
_PROJECT = """\
[project]
name = "acme-meshline"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["meshline"]

[project.entry-points."meshline.connectors"]
acme = "acme:KIND"

[tool.pytest.ini_options]
asyncio_default_fixture_loop_scope = "function"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
include = ["acme.py"]
"""


def files(name: str) -> dict[str, str]:
    """The text of every file by its name, for a connector of that name. Raises ConfigurationError for a name that is none, or that
    is taken."""
    if not NAME.fullmatch(name) or not name.strip("_0123456789"):
        raise ConfigurationError([f"{name!r} is no name: small letters, digits and _, from 2 to 31 of them"])
    if name in kinds():
        raise ConfigurationError([f"there is a kind of connection called {name} already"])
    texts = {
        f"{name}.py": (_HERE / "template.py").read_text(encoding="utf-8"),
        f"test_{name}.py": (_HERE / "template_test.py").read_text(encoding="utf-8"),
        "pyproject.toml": _PROJECT,
    }
    return {file: _renamed(text.replace(_IN_HERE, "from acme import KIND\n"), name) for file, text in texts.items()}


def _renamed(text: str, name: str) -> str:
    words = "".join(part.capitalize() for part in name.split("_"))
    return (
        text.replace("acme-meshline", f"{name.replace('_', '-')}-meshline").replace("acme", name).replace("Acme", words)
    )


def write(name: str, directory: Path) -> list[Path]:
    """Write the files into the directory, which is made if it is not there. Raises ConfigurationError where one of them exists, and
    then writes none; OSError where it cannot be written."""
    texts = files(name)
    there = [file for file in texts if (directory / file).exists()]
    if there:
        raise ConfigurationError([f"{directory / file} is there already" for file in there])
    directory.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (directory / file).write_text(text, encoding="utf-8")
    return [directory / file for file in texts]
