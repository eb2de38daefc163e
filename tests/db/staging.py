"""Hands for the tests of the stages: through the real claim, the real submit, the real judging."""

import itertools
from typing import Any

from sqlalchemy import select

from ops.models import Consensus, Task
from quality.judging import judge
from scheduling import dispatch, submit
from scheduling.desk import work

_keys = itertools.count()


class Hands:
    """`hands.take(who)` → the work on the desk; `hands.give(who, class="a")` hands it in."""

    def __init__(self, session: Any, sessions: Any):
        self.session, self.sessions = session, sessions

    def take(self, who: Any) -> dict[str, Any] | None:
        """What the desk shows `who` next."""
        found = dispatch.next_work(self.session, who)
        shown = work.view(self.session, found.id) if found else None
        self.session.commit()
        return shown

    def give(self, who: Any, stage: str, **label: Any) -> dict[str, Any]:
        """Answer the next work, which must be of `stage`; `key` or nothing, verdict, remark."""
        shown = self.take(who)
        assert shown is not None, f"nothing for {who.name}"
        assert shown["stage"] == stage
        self.hand_in(who, shown, **label)
        return shown

    def hand_in(self, who: Any, shown: dict[str, Any], **label: Any) -> Any:
        """Submit it and judge. Who sends a label back without saying what is wrong says other."""
        payload = {("class" if name == "key" else name): value for name, value in label.items()}
        if payload.get("verdict") == "return":
            payload.setdefault("errors", [{"type": "other"}])
        done = submit.submit(
            self.session,
            who,
            shown["token"],
            label=payload,
            key=f"key-{next(_keys)}",
            revision=0,
            active_ms=0,
            tab="t",
        )
        self.session.commit()
        judge(self.sessions)
        self.session.expire_all()
        return done

    def tasks(self, stage: str) -> list[Task]:
        """Every task of a stage, in order."""
        self.session.expire_all()
        return list(self.session.scalars(select(Task).where(Task.stage == stage).order_by(Task.id)))

    def label(self, asset: Any) -> tuple[str, str]:
        """Method and class of the label in force."""
        newest = select(Consensus).where(Consensus.asset_id == asset.id)
        found = self.session.scalars(newest.order_by(Consensus.version.desc())).first()
        return found.method, found.label["class"]
