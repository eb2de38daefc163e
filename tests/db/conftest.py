"""What several tests of the database begin with."""

import pytest
from sqlalchemy.orm import Session

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
