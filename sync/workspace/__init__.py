"""What a customer writes, as values: `load` reads a directory into a `Workspace`."""

from sync.workspace.loader import load
from sync.workspace.workspace import Workspace

__all__ = ["Workspace", "load"]
