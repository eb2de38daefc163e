"""The addresses of a running server, one per role."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ops.db_server.home import ADMIN, DATABASE, OWNER, SERVICE
from ops.db_server.settings import LOOPBACK


@dataclass(frozen=True)
class Server:
    """A live server. The URLs carry passwords, so they are kept out of `repr`.

    `url` is the service's role, `owner_url` the role that migrates, `admin_url` the superuser
    (on the database `postgres`); `owned` when this process started the server and will stop it.
    """

    url: str = field(repr=False)
    owner_url: str = field(repr=False)
    admin_url: str = field(repr=False)
    owned: bool


def server_at(
    socket: Path, port: int, tcp: bool, passwords: dict[str, str], *, owned: bool
) -> Server:
    """The URLs of a server that listens on `socket` and, if `tcp`, on 127.0.0.1."""

    def url(role: str, database: str) -> str:
        user = f"postgresql+psycopg://{role}:{quote(passwords[role], safe='')}"
        if tcp:
            return f"{user}@{LOOPBACK}:{port}/{database}"
        return f"{user}@/{database}?host={quote(str(socket))}&port={port}"

    return Server(url(SERVICE, DATABASE), url(OWNER, DATABASE), url(ADMIN, "postgres"), owned)
