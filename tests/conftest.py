"""Fixtures of every ring: one PostgreSQL per test process, a fresh database per test."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from ops import clock_time, db, migrate, people
from ops.config import Settings
from tests import memory
from tests.factories import Make
from tests.history import ninety_days, ninety_template  # noqa: F401 - fixtures for all
from tests.house import House

DATABASE = "test_ts"
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real work histories and fixtures that lie beside the project, not in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no shared data beside the project")
    return SHARED_DATA


# Where `make serial` looks.
SERIAL = ("acceptance", "concurrency")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: the driver of the browser keeps an event loop going in this thread,
    and what another test calls, as Dash does, may refuse to work beside one."""
    for item in items:
        if item.get_closest_marker("serial") and item.path.parent.name not in SERIAL:
            raise pytest.UsageError(f"{item.nodeid} is serial: `make serial` looks in {SERIAL}")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end: the garbage collector need not walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """argon2 is slow by design, and nearly every test signs somebody in."""
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(people, "_hasher", lambda: quick)
        yield


@pytest.fixture(autouse=True)
def _real_time() -> Iterator[None]:
    yield
    clock_time.use(None)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An embedded server without durability; kill tests start their own with it."""
    from ops.db_server import running

    with (
        memory.folder(tmp_path_factory.mktemp("pg")) as place,
        running(place / "home", durable=False) as started,
    ):
        yield started


@pytest.fixture(scope="session")
def admin(server: Any) -> Iterator[Engine]:
    engine = create_engine(server.admin_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    yield engine
    engine.dispose()


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template(server: Any, admin: Engine) -> str:
    """The name of a migrated database that others are cloned from."""
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE template_ts OWNER touchstone_owner"))
    migrate.upgrade(_at(server.owner_url, "template_ts"))
    return "template_ts"


@pytest.fixture(scope="session")
def kept_engine(server: Any) -> Iterator[Engine]:
    """One engine for all databases, which have one name: it remembers statements it compiled."""
    engine = db.make_engine(_at(server.url, DATABASE), pool_size=30)
    yield engine
    engine.dispose()


@pytest.fixture
def database_url(
    server: Any, admin: Engine, template: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The service role's URL of a database of this test's own; with a history where it asks."""
    if "ninety_days" in request.fixturenames:
        template, _ = request.getfixturevalue("ninety_template")
    with admin.connect() as connection:
        connection.execute(
            text(
                f"CREATE DATABASE {DATABASE} TEMPLATE {template} OWNER touchstone_owner "
                "STRATEGY file_copy"
            )
        )
    yield _at(server.url, DATABASE)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {DATABASE} WITH (FORCE)"))


@pytest.fixture
def owner_url(server: Any, database_url: str) -> str:
    """The owner's URL of the same database."""
    return _at(server.owner_url, DATABASE)


@pytest.fixture
def engine(kept_engine: Engine, database_url: str) -> Iterator[Engine]:
    yield kept_engine
    kept_engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return db.make_sessions(engine)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One open transaction, rolled back at the end unless the test commits."""
    with sessions() as session:
        yield session


@pytest.fixture
def make(session: Session) -> Make:
    """Factories that flush into `session`; commit to let another connection see."""
    return Make(session)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path / "home", DATABASE_URL=database_url)


@pytest.fixture(scope="session")
def house(kept_engine: Engine) -> House:
    """One application for all tests with the same settings: it keeps its compiled pages."""
    import wsgi

    return House(wsgi.create_app, kept_engine)


@pytest.fixture
def app(settings: Settings, engine: Engine, house: House) -> Iterator[Any]:
    with house.lent(settings) as app:
        yield app


@pytest.fixture
def client_for(app: Any, session: Session, make: Make) -> Callable[..., Any]:
    """A test client signed in as a user (or a new one of the named role), CSRF handled."""

    def client_for(who: Any = None, **more: Any) -> Any:
        from tests.http import Client

        user = make.user(role=who, **more) if isinstance(who, str) else who
        if user is not None:
            user.last_seen_at = clock_time.now()  # as of the form they came through
        session.commit()
        client = Client(app)
        if user is not None:
            client.enter(user)
        return client

    return client_for


@pytest.fixture
def count_queries(engine: Engine) -> Iterator[list[str]]:
    """Every statement sent while the test runs; clear() it before the part that counts."""
    from sqlalchemy import event

    seen: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
