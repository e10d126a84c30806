"""Whom a connection trusts and how it shows itself: certificates in PEM form, checked when the options are."""

from __future__ import annotations

import ssl
from tempfile import NamedTemporaryFile


def context(trusted: str | None, certificate: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """What the machine trusts, and `trusted` besides; with a certificate of our own where the other side asks for one.
    Raises ValueError that shows neither."""
    made = ssl.create_default_context()
    if trusted is not None and not _trusts(made, trusted):
        raise ValueError("must be certificates in PEM form; name their file: file:/path")
    if certificate is not None and key is not None and not _shows(made, certificate, key):
        raise ValueError("must be a certificate and its private key in PEM form, without a password")
    return made


def _trusts(made: ssl.SSLContext, trusted: str) -> bool:
    try:
        made.load_verify_locations(cadata=trusted)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _shows(made: ssl.SSLContext, certificate: str, key: str) -> bool:
    with NamedTemporaryFile() as file:  # OpenSSL reads it from a file only; this one nobody else may read
        file.write(f"{certificate}\n{key}\n".encode())
        file.flush()
        try:
            made.load_cert_chain(file.name, password="")
        except (ssl.SSLError, OSError, ValueError):
            return False
    return True
