"""Keys of data subjects. What is sealed under a key can be read while the key exists; with the key goes everything that was sealed
under it, wherever a copy of it stands. Keys stand in the ledger, wrapped by the one key that does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select

from store.dialects import insert_or_nothing
from store.privacy_tables import subject_keys
from sync.errors import ConfigurationError
from sync.words import fitted

T = TypeVar("T")
LEDGER = "ledger"
"""Whose key seals what may be about several people, or about nobody."""
SIZE = 32
_BEGIN = "sealed~k"
_NONCE = 12
_MOST = 20_000
_STALE_SECONDS = 60.0  # so long a key that another process destroyed may still be known here
_WRONG = "MESHLINE_KEY is not the key that this ledger's keys are wrapped with"
_Name = tuple[str, str]
_Key = tuple[int, AESGCM | None]


class Vault:
    """Keys that one process has unwrapped, and the one that wraps them: 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SIZE:
            raise ConfigurationError([f"MESHLINE_KEY has {len(secret)} bytes; {SIZE} are needed"])
        self._wrapping = AESGCM(secret)
        self._blinding = hashlib.sha256(b"meshline blinding\n" + secret).digest()
        self.known: dict[_Name, _Key] = {}
        self.opened: dict[int, AESGCM | None] = {}
        self._since = time.monotonic()

    def session(self) -> Session:
        """What one transaction works with."""
        if time.monotonic() - self._since > _STALE_SECONDS or len(self.opened) > _MOST:
            self.forget()
        return Session(self)

    def forget(self) -> None:
        """Know no key any more; they are read anew."""
        self.known, self.opened, self._since = {}, {}, time.monotonic()

    def blind(self, value: str) -> str:
        """The same value gives the same word, and nobody without our key can tell the value from it."""
        return hmac.new(self._blinding, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def fresh(self, name: _Name) -> str:
        """A new key for that name, wrapped."""
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._wrapping.encrypt(nonce, os.urandom(SIZE), _label(name))).decode()

    def unwrapped(self, name: _Name, wrapped: str | None) -> AESGCM | None:
        """The key; None where it was destroyed. Raises ConfigurationError where it was wrapped with another key than ours."""
        if wrapped is None:
            return None
        data = base64.b64decode(wrapped)
        try:
            return AESGCM(self._wrapping.decrypt(data[:_NONCE], data[_NONCE:], _label(name)))
        except InvalidTag:
            raise ConfigurationError([_WRONG]) from None


class Session:
    """Sealing and opening inside one transaction. What it learnt of keys is kept once that is committed."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self._tx: Connection | None = None
        self._known: dict[_Name, _Key] = {}
        self._opened: dict[int, AESGCM | None] = {}

    def within(self, work: Callable[[Connection], T], tx: Connection) -> T:
        """Run `work` so that the columns of its statements seal and open."""
        self._tx = tx
        mark = _SESSION.set(self)
        try:
            return work(tx)
        finally:
            _SESSION.reset(mark)
            self._tx = None

    def committed(self) -> None:
        """What was learnt is true for later transactions too."""
        self.vault.known.update(self._known)
        self.vault.opened.update(self._opened)

    def rolled_back(self) -> None:
        """Some of what was learnt is undone, so none of it counts."""
        self._known.clear()
        self._opened.clear()

    def seal(self, text: str, about: str, period: str = "") -> str | None:
        """The text under the key of whom it is about; None where that key was destroyed."""
        number, key = self._key((fitted(about), period))
        if key is None:
            return None
        nonce = os.urandom(_NONCE)
        sealed = key.encrypt(nonce, text.encode("utf-8", "surrogatepass"), str(number).encode())
        return f"{_BEGIN}{number}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str) -> str | None:
        """The text; None where its key was destroyed, or where it was changed."""
        number = number_of(sealed)
        key = self._by_number(number) if number is not None else None
        if key is None:
            return None
        try:
            data = base64.b64decode(sealed.partition(":")[2])
            return key.decrypt(data[:_NONCE], data[_NONCE:], str(number).encode()).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError):
            return None

    def prepare(self, abouts: Collection[str]) -> None:
        """Have the keys of all of them at hand, in as few statements as it takes."""
        names = {(fitted(about), "") for about in abouts if about} - self.vault.known.keys() - self._known.keys()
        if len(names) < 2 or self._tx is None:
            return
        self._read(names)
        missing = sorted(names - self._known.keys())
        if missing:
            rows = [
                {"about": about, "period": period, "wrapped": self.vault.fresh((about, period))}
                for about, period in missing
            ]
            self._tx.execute(insert_or_nothing(self._tx, subject_keys), rows)
            self._read(set(missing))

    def _key(self, name: _Name) -> _Key:
        found = self._known.get(name) or self.vault.known.get(name)
        if found is not None:
            return found
        self._read({name})
        if name not in self._known and self._tx is not None:
            values = {"about": name[0], "period": name[1], "wrapped": self.vault.fresh(name)}
            self._tx.execute(insert_or_nothing(self._tx, subject_keys).values(**values))
            self._read({name})
        return self._known[name]

    def _read(self, names: Collection[_Name]) -> None:
        assert self._tx is not None, "keys are read inside a transaction"  # noqa: S101 - a bug, not an input
        k = subject_keys.c
        query = select(k.id, k.about, k.period, k.wrapped).where(k.about.in_({about for about, _ in names}))
        for row in self._tx.execute(query):
            self._learn(row.id, (row.about, row.period), row.wrapped)

    def _by_number(self, number: int) -> AESGCM | None:
        for known in (self._opened, self.vault.opened):
            if number in known:
                return known[number]
        assert self._tx is not None, "keys are read inside a transaction"  # noqa: S101 - a bug, not an input
        k = subject_keys.c
        row = self._tx.execute(select(k.about, k.period, k.wrapped).where(k.id == number)).one_or_none()
        if row is None:
            return None
        self._learn(number, (row.about, row.period), row.wrapped)
        return self._opened[number]

    def _learn(self, number: int, name: _Name, wrapped: str | None) -> None:
        key = self.vault.unwrapped(name, wrapped)
        self._known[name], self._opened[number] = (number, key), key


_SESSION: ContextVar[Session | None] = ContextVar("meshline_vault", default=None)
_ABOUT: ContextVar[str] = ContextVar("meshline_about", default="")


def session() -> Session | None:
    """The session of the transaction that is running; None outside the ledger, where everything stays as it is stored."""
    return _SESSION.get()


def know(abouts: Collection[str]) -> None:
    """Have the keys of all of them at hand, in as few statements as it takes."""
    if (running := session()) is not None:
        running.prepare(abouts)


def try_key(tx: Connection) -> None:
    """Open one of the ledger's keys. Raises ConfigurationError where ours does not."""
    number = tx.execute(
        select(subject_keys.c.id).where(subject_keys.c.wrapped.is_not(None)).limit(1)
    ).scalar_one_or_none()
    if number is not None and (running := session()) is not None:
        running.open(f"{beginning(number)}AAAA")


def whom() -> str:
    """Whom that is about which is written now; empty where that is nobody."""
    return _ABOUT.get()


@contextmanager
def about(name: str) -> Iterator[None]:
    """What is written inside the block is about this data subject; about nobody when it is empty."""
    mark = _ABOUT.set(name)
    try:
        yield
    finally:
        _ABOUT.reset(mark)


def number_of(sealed: str) -> int | None:
    """The number of the key that the text is sealed with; None for a text that is not sealed."""
    if not sealed.startswith(_BEGIN):
        return None
    digits = sealed[len(_BEGIN) :].partition(":")[0]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None


def beginning(number: int | None) -> str:
    """How everything begins that is sealed with this key; with any key, where it is None."""
    return _BEGIN if number is None else f"{_BEGIN}{number}:"


def _label(name: _Name) -> bytes:
    return "\n".join(name).encode()
