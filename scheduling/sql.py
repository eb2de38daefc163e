"""The hot statements go to the driver as they are written, which prepares those it sees often."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session


def short(statement: str) -> str:
    """The statement without its line breaks: the driver remembers those below 4,096 characters.

    Longer ones it takes apart anew at every call.
    """
    return " ".join(statement.split())


def rows(session: Session, statement: str, **values: Any) -> Sequence[Row[Any]]:
    """All rows of `statement`, whose values are named as `%(name)s`."""
    return session.connection().exec_driver_sql(statement, values).all()


def row(session: Session, statement: str, **values: Any) -> Row[Any] | None:
    """The first row of `statement`, if there is one."""
    return session.connection().exec_driver_sql(statement, values).first()


def run(session: Session, statement: str, **values: Any) -> int:
    """Execute `statement`; returns how many rows it touched."""
    return session.connection().exec_driver_sql(statement, values).rowcount
