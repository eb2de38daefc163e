"""Fixtures of every ring: one PostgreSQL per test process, a fresh database per test."""

import itertools
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
from tests.factories import PASSWORD, Make

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real work histories and fixtures that lie beside the project, not in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no shared data beside the project")
    return SHARED_DATA


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

    with running(tmp_path_factory.mktemp("pg") / "home", durable=False) as started:
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


_numbers = itertools.count()


@pytest.fixture
def database_url(server: Any, admin: Engine, template: str) -> Iterator[str]:
    """The service role's URL of a database of this test's own."""
    name = f"test_{next(_numbers)}"
    with admin.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER touchstone_owner")
        )
    yield _at(server.url, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def owner_url(server: Any, database_url: str) -> str:
    """The owner's URL of the same database."""
    return _at(server.owner_url, make_url(database_url).database or "")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = db.make_engine(database_url, pool_size=30)
    yield engine
    engine.dispose()


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


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Any:
    import wsgi

    return wsgi.create_app(settings, engine)


@pytest.fixture
def client_for(app: Any, session: Session, make: Make) -> Callable[..., Any]:
    """A test client signed in as a user (or a new one of the named role), CSRF handled."""

    def client_for(who: Any = None, **more: Any) -> Any:
        from tests.http import Client

        user = make.user(role=who, **more) if isinstance(who, str) else who
        session.commit()
        client = Client(app)
        if user is not None:
            client.sign_in(user.email, PASSWORD)
            client.user = user
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
