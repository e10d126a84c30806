"""One SQLite ledger, one service. The operating system keeps the lock, so a service that was killed leaves none behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from store.database import address_of
from sync.errors import ConfigurationError, LedgerUnavailable

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_SERVED = (
    "MESHLINE_DATABASE_URL: another Meshline serves this SQLite ledger already; stop it first, or move the ledger to "
    "PostgreSQL (meshline migrate --to) to run several"
)


@contextmanager
def only_service(url: str) -> Iterator[None]:
    """Until the block ends no other service, of whatever version, serves this SQLite ledger; commands may work on it, and on
    PostgreSQL everybody may. Raises ConfigurationError when it is served already."""
    address = address_of(url)
    if address.get_backend_name() != "sqlite" or fcntl is None:
        yield
        return
    place = Path(f"{address.database}-service")
    try:
        file = _locked(place)
    except BlockingIOError:
        raise ConfigurationError([_SERVED]) from None
    except OSError as error:
        raise LedgerUnavailable(f"the ledger cannot be opened: {error.strerror}") from None
    with file:
        try:
            yield
        finally:
            place.unlink(missing_ok=True)


def _locked(place: Path) -> IO[bytes]:
    """The file, locked by us. One that its last holder has removed meanwhile is not the one that others find."""
    while True:
        file = place.open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _stands(place, file):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _stands(place: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(place.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
