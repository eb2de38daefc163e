"""One POST to checked addresses: no redirect is followed, and what comes back is not read."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache

from ops.webhooks.addresses import Target

# Seconds: for one step, and for all of it, however slowly the other side drips.
PATIENCE = 10.0
IN_ALL = 20.0


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were checked before; TLS proves the name all the same."""

    def __init__(self, where: Target, addresses: Sequence[str]):
        super().__init__(where.host, where.port, timeout=PATIENCE)
        self._where, self._addresses = where, addresses

    def connect(self) -> None:
        plain = self._plain()
        try:
            self.sock = plain
            if self._where.secure:
                self.sock = _tls().wrap_socket(plain, server_hostname=self._where.host)
        except BaseException:
            plain.close()
            raise

    def _plain(self) -> socket.socket:
        # One after the other: not every machine has a way to those of IPv6.
        *others, last = self._addresses
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self._where.port), PATIENCE)
        return socket.create_connection((last, self._where.port), PATIENCE)


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post(where: Target, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]) -> int:
    """The status that came back. Raises OSError or http.client.HTTPException where none did."""
    connection, over = _Pinned(where, addresses), threading.Event()
    watch = threading.Timer(IN_ALL, _cut, [connection, over])
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", where.path, body, dict(headers))
        status = connection.getresponse().status
    finally:
        watch.cancel()
        connection.close()
    if over.is_set():
        raise TimeoutError("the answer did not end")
    return status


def _cut(connection: http.client.HTTPConnection, over: threading.Event) -> None:
    over.set()
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
