"""The key that wraps all keys of a ledger: from the environment, or, beside a ledger on SQLite, from a file that only its owner may
read. It is never in the ledger."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from sqlalchemy import URL

from store.vault import SIZE, Vault
from sync.errors import ConfigurationError

SUFFIX = ".key"
HOW = "write 32 random bytes in base64, such as `openssl rand -base64 32` prints"


def key_file(url: URL) -> Path:
    """Where the key of a ledger on SQLite stands when the environment has none."""
    return Path(f"{url.database}{SUFFIX}")


def vault_of(url: URL, key: str | None) -> Vault:
    """The vault of a ledger. Without a `key` a ledger on SQLite gets a key file of its own; on PostgreSQL, whose files are
    elsewhere, that is a ConfigurationError, and so is a key that is none."""
    if key:
        return Vault(_decoded(key, "MESHLINE_KEY"))
    if url.get_backend_name() != "sqlite":
        raise ConfigurationError([f"MESHLINE_KEY is not set: a ledger on PostgreSQL needs it; {HOW}"])
    file = key_file(url)
    try:
        return Vault(_decoded(file.read_text(encoding="ascii"), str(file)))
    except FileNotFoundError:
        return Vault(_made(file))
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError([f"{file} cannot be read: it holds the key of the ledger"]) from None


def _made(file: Path) -> bytes:
    """A fresh key in a file of its own; of processes that start together the first one makes it."""
    secret = os.urandom(SIZE)
    draft = file.with_name(f"{file.name}.{os.getpid()}-{secret[:4].hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(base64.b64encode(secret) + b"\n")
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            return _decoded(file.read_text(encoding="ascii"), str(file))
        finally:
            draft.unlink()
    except OSError as error:
        words = f"{file} cannot be written ({error.strerror}): it would hold the key of the ledger; set MESHLINE_KEY instead"
        raise ConfigurationError([words]) from None
    return secret


def _decoded(key: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(key.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != SIZE:
        raise ConfigurationError([f"{where} is no key: {HOW}"])
    return secret
