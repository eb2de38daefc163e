"""The server's settings, given on its command line so that they always match this code."""

from pathlib import Path

DEFAULT_PORT = 5432
LOOPBACK = "127.0.0.1"

ACCESS_RULES = """\
# Every connection shows a password (SCRAM); nothing but our socket and 127.0.0.1 is let in.
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""

_ALWAYS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "password_encryption": "scram-sha-256",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # Defaults meant for spinning disks make the planner shy of indexes on SSDs.
    "random_page_cost": "1.1",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def settings(socket_folder: Path, tcp_port: int | None, *, durable: bool) -> dict[str, str]:
    """All settings of one start, by their PostgreSQL names.

    Without `tcp_port` the server listens on its socket alone. `durable=False` is for tests:
    a crash of the machine (not of the server) may then lose or damage the data.
    """
    return {
        **_ALWAYS,
        "listen_addresses": LOOPBACK if tcp_port else "",
        "port": str(tcp_port or DEFAULT_PORT),
        "unix_socket_directories": str(socket_folder),
        **({} if durable else _NOT_DURABLE),
    }


def as_arguments(values: dict[str, str]) -> list[str]:
    """Settings as `-c name=value` arguments of `postgres`."""
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
