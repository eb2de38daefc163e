"""What the claim in the database says, see `claim_sql`."""

from typing import NamedTuple


class Owing(NamedTuple):
    """The lane for which the next gold is to be settled."""

    id: int
    project_id: int
    batch_id: int


class Answer(NamedTuple):
    """One answer; the names are the order in which the function tells.

    `outcome` is given, held, kept, unsettled or nothing. `live` counts the leases there were, and
    `lapsed` says that others have run out. The rest is there when something was given: the lane,
    the lease, and of gold how many claims pass before the next, which it is (if that is settled),
    and which was `due` this time.
    """

    outcome: str
    turn: int
    last_project_id: int | None
    live: int
    lapsed: bool
    lane_id: int = 0
    project_id: int = 0
    batch_id: int = 0
    id: int = 0
    token: str = ""
    task_id: int = 0
    stage: str = ""
    counts: bool = True
    expires_at: str = ""
    until_next: int | None = None
    gold_id: int | None = None
    due: int | None = None

    @property
    def given(self) -> bool:
        return self.outcome == "given"

    @property
    def lane(self) -> Owing:
        return Owing(self.lane_id, self.project_id, self.batch_id)
