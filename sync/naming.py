"""What a field of another system is called before people: words, not code."""

from __future__ import annotations

import re

_LINE = re.compile(r"\[(\d+)\]")


def called(path: str) -> str:
    """`lines[0].product_code` is `Product code (line 1)`; the whole record where there is no path."""
    name = _LINE.sub("", path.rpartition(".")[2]).replace("_", " ").strip().capitalize()
    line = _LINE.search(path)
    return f"{name} (line {int(line[1]) + 1})" if line and name else name or path or "Record"
