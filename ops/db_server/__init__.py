"""Touchstone's own PostgreSQL: one server per home folder, run by one supervising process.

`running(home)` starts the server or joins the one another process runs; `url_of(home)` finds it;
`upgrade(home)` moves the data of an older major version.
"""

from ops.db_server.move import upgrade
from ops.db_server.server import Server
from ops.db_server.supervise import running, url_of

__all__ = ["Server", "running", "upgrade", "url_of"]
