"""The domain that a company calls its own: of its site or of an e-mail address, and never one where anybody can have a page or
a mailbox."""

from __future__ import annotations

import re
from functools import lru_cache

_OPEN = frozenset(
    "gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.co.uk hotmail.fr hotmail.it live.com msn.com yahoo.com "
    "yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at gmx.ch "
    "gmx.com web.de t-online.de freenet.de arcor.de mail.de posteo.de mailbox.org proton.me protonmail.com pm.me tutanota.com "
    "orange.fr free.fr wanadoo.fr laposte.net sfr.fr libero.it virgilio.it alice.it tin.it pec.it terra.es telefonica.net "
    "ziggo.nl kpnmail.nl planet.nl telenet.be skynet.be bluewin.ch hispeed.ch aon.at chello.at wp.pl onet.pl o2.pl interia.pl "
    "seznam.cz email.cz centrum.cz mail.ru yandex.ru bk.ru inbox.ru ukr.net abv.bg telia.com btinternet.com sky.com "
    "virginmedia.com comcast.net verizon.net att.net sbcglobal.net zoho.com fastmail.com mail.com qq.com 163.com naver.com "
    "facebook.com linkedin.com instagram.com wixsite.com wordpress.com blogspot.com business.site jimdofree.com github.io "
    "sites.google.com myshopify.com weebly.com squarespace.com example.com example.org example.net".split()
)
_SECOND = frozenset("co com org net ac gov edu ltd plc ne or gob govt asn gen".split())
_SHAPE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://|^//", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def domain_of(text: str) -> str:
    """The registered domain of a site, a domain or an e-mail address, such as adler.de; empty where it is nobody's own."""
    host = _SCHEME.sub("", text[:300].strip().lower())
    host = re.split(r"[/?#:]", host.rpartition("@")[2])[0].rstrip(".")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    if not _SHAPE.fullmatch(host) or host in _OPEN:
        return ""
    own = _registered(host.split("."))
    return "" if own in _OPEN else own


def _registered(parts: list[str]) -> str:
    """The last two parts, or three where the country sells below a second one (co.uk)."""
    deep = len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND
    return ".".join(parts[-3:] if deep else parts[-2:])


def mailbox_of(text: str) -> str:
    """An e-mail address as its mailbox: without what follows a plus, and without the dots where they mean nothing. Empty where
    it is none. A mailbox never says by itself who somebody is."""
    local, at, host = text[:300].strip().casefold().rpartition("@")
    if not at or not local or not _SHAPE.fullmatch(host):
        return ""
    local = local.partition("+")[0]
    if host in ("gmail.com", "googlemail.com"):
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}" if local else ""
