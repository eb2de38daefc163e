"""Which tasks a lead means: assets ticked by hand, or the next of a batch in the claim's order.

What is chosen here is not yet allowed: `push` asks the predicate about every task of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ops.errors import InvalidInput, NotFound
from ops.models import Asset
from scheduling import sql

MOST = 10_000  # tasks an act is about
PAGE = 1000
FIRST = -(2**63)


@dataclass(frozen=True)
class Ticked:
    """Assets chosen one by one; of each, the work that is not finished, at `stage` or at any."""

    assets: Sequence[int]
    stage: str | None = None


@dataclass(frozen=True)
class Next:
    """The next `n` tasks of some batches, or of all, with `search` in the asset's external id."""

    n: int
    batches: Sequence[int] = ()
    stage: str | None = "label"
    search: str = ""


# Gold wants no answers; an asset without unfinished work comes back with no task.
_OF_ASSETS = """
    SELECT s.id AS asset, t.id AS task
    FROM asset s LEFT JOIN task t ON t.asset_id = s.id AND t.n_done < t.wanted
         AND (%(stage)s::text IS NULL OR t.stage = %(stage)s::text)
    WHERE s.id = ANY(%(assets)s::bigint[]) AND s.project_id = %(project)s
    ORDER BY t.npri, t.id"""

_LANES = """
    SELECT l.id FROM lane l
    WHERE l.project_id = %(project)s AND (%(stage)s::text IS NULL OR l.stage = %(stage)s::text)
      AND (%(batches)s::bigint[] = '{}' OR l.batch_id = ANY(%(batches)s::bigint[]))"""

_IN_ORDER = """
    SELECT t.npri, t.id FROM task t
    WHERE t.lane_id = %(lane)s AND t.open AND (t.npri, t.id) > (%(npri)s, %(task)s)
      AND (%(search)s = '' OR EXISTS (
          SELECT FROM asset x
          WHERE x.id = t.asset_id AND strpos(lower(x.external_id), lower(%(search)s)) > 0))
    ORDER BY t.npri, t.id LIMIT %(limit)s"""

_OPEN_IN = """
    SELECT t.lane_id AS lane, count(*) AS n, min(t.id) AS example FROM task t
    WHERE t.lane_id = ANY(%(lanes)s::bigint[]) AND t.open GROUP BY t.lane_id"""


def tasks_of(session: Session, project_id: int, ticked: Ticked) -> tuple[list[int], int]:
    """The unfinished tasks of the assets, and how many of the assets have none.

    Raises InvalidInput naming `assets` when one is not of this project, or there are too many.
    """
    wanted = sorted(set(ticked.assets))
    if not wanted:
        raise InvalidInput("choose at least one asset", field="assets")
    if len(wanted) > MOST:
        raise InvalidInput(f"choose at most {MOST:,} at once", field="assets")
    found = sql.rows(session, _OF_ASSETS, assets=wanted, project=project_id, stage=ticked.stage)
    if len({row.asset for row in found}) < len(wanted):
        raise InvalidInput("there is no such asset in this project", field="assets")
    without = sum(1 for row in found if row.task is None)
    return [row.task for row in found if row.task is not None], without


def lanes_of(session: Session, project_id: int, chosen: Next) -> list[int]:
    """The lanes of the project from which `chosen` takes."""
    found = sql.rows(
        session, _LANES, project=project_id, stage=chosen.stage, batches=list(chosen.batches)
    )
    return [row.id for row in found]


def in_order(session: Session, lanes: Sequence[int], search: str) -> Iterator[list[int]]:
    """The open tasks of the lanes, lane by lane, a page at a time."""
    for lane in lanes:
        npri, task, found = FIRST, 0, PAGE
        while found == PAGE:
            values = {"lane": lane, "search": search, "npri": npri, "task": task, "limit": PAGE}
            rows = sql.rows(session, _IN_ORDER, **values)
            if rows:
                yield [row.id for row in rows]
                npri, task = rows[-1].npri, rows[-1].id
            found = len(rows)


def open_in(session: Session, lanes: Sequence[int]) -> list[tuple[int, int]]:
    """Per lane with open tasks, how many, and the id of one of them."""
    return [(row.n, row.example) for row in sql.rows(session, _OPEN_IN, lanes=list(lanes))]


def find_asset(session: Session, project_id: int, text: str) -> Asset:
    """The asset of the project whose id or external id is `text`. Raises NotFound."""
    named: ColumnElement[bool] = Asset.external_id == text
    if text.isascii() and text.isdecimal() and len(text) < 16:
        named = or_(named, Asset.id == int(text))
    mine = select(Asset).where(Asset.project_id == project_id, named)
    # An external id may look like the id of another asset: what the client calls it goes first.
    found = session.scalar(mine.order_by(Asset.external_id != text).limit(1))
    if found is None:
        raise NotFound("There is no asset of this id or external id in this project.")
    return found
