"""How fast work is handed out, beside the bare floor of the same client on the same server.

The floor is what any dispatcher must do at least: update one row and insert one lease, in one
transaction, through the same session. The claim does that under every predicate, limits included,
with gold in between. History is copied in, not played.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import click
import psycopg
from sqlalchemy import create_engine, make_url, text

from benchmarks.dispatching import predicates, race
from benchmarks.dispatching.seed import (
    ANSWERED_HEAD,
    EXPERTS,
    LABELLERS,
    LANES,
    RARE_LANE,
    plain,
    seed,
)
from ops import clock_time, db, migrate

PARTS = ("share", "predicates", "sizes", "rare", "head", "drain")
# Labellers of the last client: the races before them leave them as they are.
ORDINARY, HEAD = 1, 2


@click.command()
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Default: all.")
@click.option(
    "--tasks", default=100_000, show_default=True, help="Open tasks of share, predicates."
)
@click.option("--small", default=10_000, show_default=True, help="The smaller of the two sizes.")
@click.option(
    "--large", default=1_000_000, show_default=True, help="The larger; rare and head too."
)
@click.option("--clients", default=8, show_default=True, help="Labellers claiming at once.")
@click.option(
    "--claimers", default=64, show_default=True, help="Labellers who drain a small floor."
)
@click.option("--seconds", default=8.0, show_default=True, help="Length of each measurement.")
@click.option("--history", default=300_000, show_default=True, help="Past answers.")
def command(
    parts: tuple[str, ...],
    tasks: int,
    small: int,
    large: int,
    clients: int,
    claimers: int,
    seconds: float,
    history: int,
) -> None:
    """Claims a second against the bare floor, at two sizes, and what is hard; prints JSON."""
    from ops.db_server import running

    wanted = set(parts or PARTS)
    result: dict[str, Any] = {"clients": clients, "seconds": seconds}
    with (
        tempfile.TemporaryDirectory(prefix="touchstone-bench-") as folder,
        running(Path(folder) / "home", durable=True) as server,
    ):
        floors = Floors(server, clients, history)
        if wanted & {"share", "predicates"}:
            url = floors.make(tasks)
            if "share" in wanted:
                result["share"] = _share(url, clients, seconds)
            if "predicates" in wanted:
                result["predicates_us"] = _said(
                    "predicates", predicates.costs, url, clients * LABELLERS
                )
        if "sizes" in wanted:
            result["sizes"] = {
                str(small): _said(f"claims, {small:,}", race.race, floors.make(small), clients,
                                  seconds, "claim")
            }  # fmt: skip
        if wanted & {"sizes", "rare", "head"}:
            result |= _large(floors.make(large), wanted, clients, seconds)
            if "sizes" in wanted:
                sizes = result["sizes"] = result["sizes"] | {str(large): result.pop("large")}
                both = [sizes[str(n)]["p99_ms"] for n in (small, large)]
                sizes["p99_ratio"] = round(both[1] / both[0], 2)
        if "drain" in wanted:
            url = floors.make(claimers * 5, history=0, max_leases=1000)
            result["drain"] = _said("drain", race.drain, url, claimers)
        result["over_assignments"] = floors.over_assignments()
    click.echo(json.dumps(result, indent=2))


def _said(what: str, work: Any, *args: Any) -> Any:
    """Do it, and say on stderr that it is being done."""
    click.echo(f"{what} …", err=True)
    return work(*args)


class Floors:
    """Databases on one server, each seeded once, from one migrated template."""

    def __init__(self, server: Any, clients: int, history: int):
        self.server, self.clients, self.history = server, clients, history
        self.urls: dict[str, str] = {}
        self._admin("CREATE DATABASE bench_template OWNER touchstone_owner")
        migrate.upgrade(_at(server.owner_url, "bench_template"))

    def make(self, tasks: int, history: int | None = None, max_leases: int = 10) -> str:
        """The service role's URL of a floor of so many open tasks."""
        name = f"bench_{tasks}_{len(self.urls)}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE bench_template OWNER touchstone_owner")
        past = self.history if history is None else history
        seed(
            _at(self.server.owner_url, name),
            tasks=tasks,
            clients=self.clients,
            history=past,
            max_leases=max_leases,
        )
        self.urls[name] = _at(self.server.url, name)
        return self.urls[name]

    def over_assignments(self) -> int:
        """Over all floors: tasks with more than they want, or a counter unlike its recount."""
        total = 0
        for url in self.urls.values():
            with psycopg.connect(plain(url)) as connection:
                found = connection.execute(race.OVER).fetchone()
                total += found[0] if found else 0
        return total

    def _admin(self, statement: str) -> None:
        engine = create_engine(self.server.admin_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _share(url: str, clients: int, seconds: float) -> dict[str, Any]:
    """Floor, claims, floor again: the machine may have become faster or slower in between."""
    before = _said("floor", race.race, url, clients, seconds / 2, "floor")
    claims = _said("claims", race.race, url, clients, seconds, "claim")
    after = _said("floor", race.race, url, clients, seconds / 2, "floor")
    floor = (before["per_second"] + after["per_second"]) / 2
    return {
        "claim": claims,
        "floor": [before, after],
        "share_of_floor": round(claims["per_second"] / floor, 3),
    }


def _large(url: str, wanted: set[str], clients: int, seconds: float) -> dict[str, Any]:
    """What is measured on the larger floor, beside an ordinary labeller there."""
    told: dict[str, Any] = {}
    if "sizes" in wanted:
        told["large"] = _said("claims, large", race.race, url, clients, seconds, "claim")
    if wanted & {"rare", "head"}:
        ordinary = _said("ordinary labellers", _alone, url, ORDINARY, EXPERTS)
        told["ordinary"] = ordinary
    if "rare" in wanted:
        rare = _said("rare skill", _alone, url, clients * LABELLERS + 1, EXPERTS)
        told["rare"] = rare | {"p50_ratio": round(rare["p50_ms"] / ordinary["p50_ms"], 2)}
    if "head" in wanted:
        head = _said("answered head", _behind_a_head, url)
        told["head"] = head | {"p50_ratio": round(head["p50_ms"] / ordinary["p50_ms"], 2)}
    return told


def _alone(url: str, first: int, n: int, claims: int = 300) -> dict[str, Any]:
    """One client for `n` labellers from id `first` on, nobody else on the floor."""
    engine = db.make_engine(url, pool_size=1)
    users = race.people(engine, first, n)
    warm = race.take(engine, users, race.claim, claims=race.WARM_UP)
    run = race.take(engine, users, race.claim, claims=claims)
    engine.dispose()
    first_ms = round(1000 * warm["times"][0], 2)
    return {**race.latencies(run["times"]), "first_ms": first_ms, "empty": run["empty"]}


def _behind_a_head(url: str) -> dict[str, Any]:
    """A labeller whose answers, 100,000 of them, lie on the open tasks that come first."""
    values = {
        "me": HEAD,
        "rare_lane": RARE_LANE,
        "each": 100_000 // LANES,
        "now": clock_time.now(),
    }
    with psycopg.connect(plain(url)) as connection:
        connection.execute("DELETE FROM desk_cursor WHERE labeller_id = %(me)s", values)
        connection.execute(ANSWERED_HEAD, values)
    return _alone(url, HEAD, 1)
