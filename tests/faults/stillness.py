"""Notices when the machine itself stood still: a target that was frozen breaks its own promise of how late it commits, and what
follows from that is nobody's fault."""

from __future__ import annotations

import threading
import time
from types import TracebackType

_LOOK, _STILL = 0.1, 1.0


class Stillness:
    """`seconds` is how long this process was kept from running, in pieces of more than a second."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Stillness:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        last = time.time()
        while not self._stop.wait(_LOOK):
            now = time.time()
            if now - last > _STILL:
                self.seconds += now - last
            last = now
