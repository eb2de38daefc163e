"""Which rate holds: what work is for, what rates are for, and the narrowest that fits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from ops.models import PayRate


class Scope(NamedTuple):
    """Whose work, and which, a rate is for; None stands for all. At most one of the first three."""

    user_id: int | None = None
    team_id: int | None = None
    vendor_id: int | None = None
    project_id: int | None = None
    stage: str | None = None


class Work(NamedTuple):
    """Of whom, where and when work was done; team and vendor as of then, None is nowhere."""

    user_id: int
    team_id: int | None
    vendor_id: int | None
    project_id: int
    stage: str
    day: date


def scopes_of(work: Work) -> Iterator[Scope]:
    """Every scope that a piece of work lies in, the narrowest first."""
    whom = [
        (work.user_id, None, None),
        *([(None, work.team_id, None)] if work.team_id else []),
        *([(None, None, work.vendor_id)] if work.vendor_id else []),
        (None, None, None),
    ]
    for one in whom:
        for project in (work.project_id, None):
            for stage in (work.stage, None):
                yield Scope(*one, project, stage)


class Book:
    """Rates, asked which of them holds. `rates` come in any order."""

    def __init__(self, rates: Iterable[PayRate]):
        self._of: dict[Scope, list[PayRate]] = defaultdict(list)
        # Where work was done → the rates of the scopes it lies in that have any.
        self._near: dict[tuple[object, ...], list[list[PayRate]]] = {}
        for rate in sorted(rates, key=lambda rate: (rate.valid_from, rate.id), reverse=True):
            self._of[scope_of(rate)].append(rate)

    def in_scope(self, scope: Scope, day: date) -> PayRate | None:
        """The rate of exactly this scope on a day; it may be one that ends another."""
        return next((rate for rate in self._of.get(scope, ()) if rate.valid_from <= day), None)

    def fitting(self, work: Work) -> Iterator[PayRate]:
        """All rates in force that fit, the one that holds first: one of each scope."""
        where = work[:-1]
        if where not in self._near:
            scopes = scopes_of(work)
            self._near[where] = [self._of[scope] for scope in scopes if scope in self._of]
        for rates in self._near[where]:
            rate = next((rate for rate in rates if rate.valid_from <= work.day), None)
            if rate is not None and rate.amount is not None:
                yield rate

    def holds(self, work: Work) -> PayRate | None:
        """The rate by which the work is paid; None where it is not paid."""
        return next(self.fitting(work), None)

    def until(self, rate: PayRate) -> date | None:
        """The first day on which `rate` no longer is the one of its scope; None for no such day."""
        later: date | None = None
        for other in self._of[scope_of(rate)]:
            if other.id == rate.id:
                return later
            later = other.valid_from
        return later

    def __iter__(self) -> Iterator[PayRate]:
        for rates in self._of.values():
            yield from rates


def scope_of(rate: PayRate) -> Scope:
    """Whose work, and which, a rate is for."""
    return Scope(rate.user_id, rate.team_id, rate.vendor_id, rate.project_id, rate.stage)
