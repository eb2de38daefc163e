"""What several tests of the database begin with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Opening, User
from tests.applying import opened
from tests.db.gated import Labelled, make_labelled
from tests.factories import Make


@pytest.fixture
def labelled(make: Make, session: Session) -> Labelled:
    return make_labelled(make, session)


@pytest.fixture
def lead(make: Make) -> User:
    return make.user(role="ops_lead")


@pytest.fixture
def manager(make: Make) -> User:
    return make.user(role="onboarding_manager")


@pytest.fixture
def opening(session: Session, manager: User) -> Opening:
    return opened(session, manager)


@pytest.fixture
def clock() -> Callable[..., None]:
    """It is noon of a day; called with `days=1`, say, it is later."""
    moment = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    clock_time.use(lambda: moment[0].timestamp())  # noqa: PLW0108 - moment[0] is replaced

    def move(**by: float) -> None:
        moment[0] += timedelta(**by)

    return move
