"""Functions of ours inside the database, composed from the same SQL as the rest of the code.

No migration spells them out: `touchstone db upgrade` makes those of the code that runs it. A name
ends in a digest of the whole text, so code never calls a function that was made from other code.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ops.errors import NotReady

# The comment by which ours are known.
MARK = "Made from the code by touchstone db upgrade; changed nowhere else."


@dataclass(frozen=True)
class Function:
    """A function in PL/pgSQL: `name` with its digest, and the statement that makes it."""

    name: str
    statement: str


def function(name: str, parameters: Mapping[str, str], returns: str, body: str) -> Function:
    """`body` as a function; its `%(x)s` become the variables `_x`, parameters among them.

    `parameters` maps names, without the underscore, to types and defaults, as "bigint" or
    "bigint = NULL".
    """
    told = ", ".join(f"_{one} {kind}" for one, kind in parameters.items())
    written = f"({told}) RETURNS {returns} LANGUAGE plpgsql AS $touchstone${body % _Variables()}"
    digest = hashlib.sha256(written.encode()).hexdigest()[:12]
    whole = f"{name}_{digest}"
    return Function(whole, f"CREATE FUNCTION {whole}{written}$touchstone$")


class _Variables(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"_{name}"


_OURS = """
    SELECT p.proname, p.oid::regprocedure::text AS signature FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND obj_description(p.oid, 'pg_proc') = :mark"""


def install(connection: Connection, functions: Iterable[Function]) -> None:
    """Make those of `functions` that are missing, and drop what other code has left."""
    wanted = {one.name: one for one in functions}
    there = {row.proname: row.signature for row in connection.execute(text(_OURS), {"mark": MARK})}
    for name in there.keys() - wanted.keys():
        connection.exec_driver_sql(f"DROP FUNCTION {there[name]}")
    for name in wanted.keys() - there.keys():
        connection.exec_driver_sql(wanted[name].statement)
        connection.exec_driver_sql(f"COMMENT ON FUNCTION {name} IS '{MARK}'")


def require(connection: Connection, functions: Iterable[Function]) -> None:
    """Raise NotReady when one of `functions` is missing."""
    there = {row.proname for row in connection.execute(text(_OURS), {"mark": MARK})}
    missing = sorted({one.name for one in functions} - there)
    if missing:
        raise NotReady(f"The database lacks {', '.join(missing)}: run `touchstone db upgrade`.")
