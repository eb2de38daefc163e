"""Where messages may go: to addresses of the public internet, and to the one that was looked at.

A name is resolved once, all its addresses are checked, and the connection goes to a checked one: a
name that answers otherwise the second time leads nowhere else.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.errors import InvalidInput

LONGEST = 2000
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Networks of IPv6 in which an IPv4 address is wrapped, and how far right its last bit stands.
WRAPPED = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)

# All there is of unicast addresses that are routed between networks.
UNICAST = ipaddress.IPv6Network("2000::/3")


@dataclass(frozen=True)
class Target:
    """A checked URL: where to connect, and what to ask for there."""

    secure: bool
    host: str
    port: int
    path: str


def target(url: str, *, loopback: bool) -> Target:
    """What a URL names. Raises InvalidInput naming `url`.

    https only; http to this very machine where the installation allows `loopback`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("this is no address", field="url") from None
    if len(url) > LONGEST or not url.isascii() or any(ch <= " " or ch == "\x7f" for ch in url):
        said = f"give an address of at most {LONGEST} plain characters"
        raise InvalidInput(said, field="url")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise InvalidInput("give an address that begins with https://", field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        said = "leave out names, passwords and what follows a #"
        raise InvalidInput(said, field="url")
    if not parts.hostname or port == 0:
        raise InvalidInput("the address names no machine", field="url")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = Target(secure, parts.hostname, port or (443 if secure else 80), path)
    literal = _literal(found.host)
    if literal is not None and not may_connect(literal, loopback=loopback):
        raise InvalidInput("this machine is not on the public internet", field="url")
    return found


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def may_connect(address: Address, *, loopback: bool) -> bool:
    """Whether it is of the public internet: neither private, shared, link-local nor reserved."""
    inner = _unwrapped(address)
    if inner.is_loopback:
        return loopback
    if isinstance(inner, ipaddress.IPv6Address) and inner not in UNICAST:
        return False
    return inner.is_global and not (inner.is_multicast or inner.is_reserved)


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address != ipaddress.IPv6Address("::1"):
        for network, shift in WRAPPED:
            if address in network:
                return ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address


def resolve(where: Target, *, loopback: bool) -> list[str]:
    """All addresses of the machine, checked. Raises OSError where it has none or a refused one."""
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for one in addresses:
        address = ipaddress.ip_address(one.partition("%")[0])
        if not may_connect(address, loopback=loopback):
            raise OSError("the name leads to an address that is not of the public internet")
        if not where.secure and not _unwrapped(address).is_loopback:
            raise OSError("http is for this very machine alone")
    if not addresses:
        raise OSError("the name leads nowhere")
    return list(dict.fromkeys(addresses))
