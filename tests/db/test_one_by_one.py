"""Jobs that go through projects: one that fails is undone and told of, and stops no other."""

import pytest
from sqlalchemy import select

from ops.models import Project
from ops.one_by_one import one_by_one


def test_one_that_fails_stops_no_other(make, session, sessions):
    ids = [make.project().id for _ in range(3)]
    session.commit()

    def rename(session, project_id: int) -> int:
        session.get_one(Project, project_id).name = f"seen {project_id}"
        session.flush()
        if project_id == ids[1]:
            raise ZeroDivisionError("the second")
        return 2

    with pytest.raises(ZeroDivisionError, match="the second"):
        one_by_one(sessions, ids, rename)
    session.expire_all()
    names = session.scalars(select(Project.name).where(Project.id.in_(ids)).order_by(Project.id))
    assert [name.startswith("seen") for name in names] == [True, False, True]
    assert one_by_one(sessions, [ids[0], ids[2]], rename) == 4
