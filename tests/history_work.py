"""The work of `tests.history`: every day of every labeller, and what was judged of it."""

import json
import uuid
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import storage
from tests.history import PICTURES, picture
from tests.history_floor import BatchPlan, Floor, Labeller

PER_DAY = 9  # answers of a labeller, on average
GOLD_EVERY, SKIPPED, EXPIRED, REVIEWED = 8, 0.02, 0.01, 0.35
NIGHT = 0.3  # share of assets by night, which take longer and fail more often


class Asset:
    """An asset as the work goes on."""

    def __init__(self, id_: int, task: int, plan: BatchPlan, truth: str, night: bool, hard: float):
        self.id, self.task, self.plan, self.truth = id_, task, plan, truth
        self.night, self.hard = night, hard
        # (assignment, labeller, class, right)
        self.answers: list[tuple[int, int, str, bool]] = []
        self.skips = 0
        self.times: list[float] = []
        self.consensus: str | None = None


class Work:
    """Rows of every table, drawn day by day and kept at the end."""

    def __init__(self, session: Session, floor: Floor):
        self.session, self.floor = session, floor
        self.random = np.random.default_rng(7)
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.numbers: Counter[str] = Counter()
        self.models: dict[str, int] = {}
        self.runs: list[int] = []
        self.plans = floor.plans
        self.assets: list[Asset] = []
        self.pictures = [storage.upload_uri(picture(n)) for n in range(PICTURES)]
        self.lanes: dict[tuple[int, str], int] = {}
        self.versions = dict(
            session.execute(text("SELECT project_id, id FROM ontology_version")).all()  # type: ignore[arg-type]
        )
        self.open: dict[int, list[Asset]] = {}
        self.gold: dict[int, list[Asset]] = {}
        self.met: dict[tuple[int, int], set[int]] = defaultdict(set)
        self.reviews: list[tuple[datetime, Asset]] = []
        self.judged: dict[int, list[Any]] = defaultdict(list)
        for plan in self.plans:
            self._assets(plan)

    def next(self, table: str) -> int:
        self.numbers[table] += 1
        return self.numbers[table]

    def _assets(self, plan: BatchPlan) -> None:
        made: list[Asset] = []
        at = plan.row.created_at
        for n in range(plan.assets + plan.gold):
            is_gold = n >= plan.assets
            truth = str(self.random.choice(plan.classes, p=_shares(len(plan.classes))))
            night, hard = bool(self.random.random() < NIGHT), float(self.random.gamma(1.0, 0.25))
            id_, task = self.next("asset"), self.next("task")
            name = f"{plan.row.name.lower().replace(' ', '-')}-{n + 1:04d}"
            uri = self.pictures[n % PICTURES] if plan.picture else None
            words = None if plan.picture else f"{truth.title()}: what happened on day {n}"
            meta = {"light": "night" if night else "day", "camera": f"c{n % 3}"}
            self.rows["asset"].append(
                (id_, plan.row.project_id, plan.row.id, name, uri, words, 160, 120, meta, at)
            )
            made.append(Asset(id_, task, plan, truth, night, hard))
            if is_gold:
                self._make_gold(made[-1], at)
        self.assets += made
        self.open[plan.row.id], self.gold[plan.row.id] = made[: plan.assets], made[plan.assets :]
        plan.ids = [one.id for one in made]

    def _make_gold(self, asset: Asset, at: datetime) -> None:
        gold, version = self.next("gold"), self.next("gold_version")
        plan = asset.plan
        lot = float(self.random.random())
        self.rows["gold"].append(
            (gold, plan.row.project_id, asset.id, asset.task, None, lot, asset.truth,
             self.floor.history.lead, at)
        )  # fmt: skip
        answers = json.dumps([{"class": asset.truth}])
        self.rows["gold_version"].append((version, gold, 1, answers, self.floor.history.lead, at))

    def lane(self, batch: int, stage: str) -> int:
        if (batch, stage) not in self.lanes:
            self.lanes[batch, stage] = self.next("lane")
            project = next(p.row.project_id for p in self.plans if p.row.id == batch)
            self.rows["lane"].append(
                (self.lanes[batch, stage], project, batch, stage, "", {}, 0)
            )  # fmt: skip
        return self.lanes[batch, stage]

    def days(self, n: int) -> None:
        """Every labeller's working days, and the reviews that follow."""
        for day in range(n):
            self.day = day
            for i, one in enumerate(self.floor.labellers):
                morning = (self.floor.start + timedelta(days=day)).astimezone(one.zone)
                at = morning.replace(hour=8 + i % 4, minute=int(self.random.integers(50)))
                if at.weekday() > 4 and i % 5:
                    continue
                for _ in range(int(self.random.poisson(PER_DAY))):
                    at += timedelta(seconds=float(self.random.gamma(2, 600)))
                    if at >= self.floor.now:
                        break
                    self._one(one, i, at)
            self._review_until(self.floor.start + timedelta(days=day, hours=20))

    def _batches(self, place: int) -> list[BatchPlan]:
        """What there is to do for a labeller: the third project belongs to three of them."""
        found = [p for p in self.plans if p.first_day <= self.day and self.open[p.row.id]]
        shelf = self.floor.history.projects["Shop shelves"]
        return [p for p in found if p.row.project_id != shelf or place < 3]

    def _one(self, one: Labeller, place: int, at: datetime) -> None:
        plans = self._batches(place)
        if not plans:
            return
        plan = plans[int(self.random.integers(len(plans)))]
        met = self.met[one.id, plan.row.id]
        is_gold = self.random.random() < 1 / GOLD_EVERY
        pool = self.gold[plan.row.id] if is_gold else self.open[plan.row.id]
        asset = next((a for a in pool if a.id not in met), None)
        if asset is None:
            return
        met.add(asset.id)
        self._work(one, asset, at, is_gold)

    def _work(self, one: Labeller, asset: Asset, at: datetime, is_gold: bool) -> None:
        slow = 1 + asset.hard + 0.9 * asset.night
        learnt = 1 + 0.6 * np.exp(-self.day / 15)
        seconds = float(one.pace * slow * learnt * self.random.lognormal(2.1, 0.45))
        chance = self.random.random()
        state = "skipped" if chance < SKIPPED else "submitted"
        state = "expired" if SKIPPED <= chance < SKIPPED + EXPIRED else state
        end = at + timedelta(seconds=seconds)
        assignment = self._assignment(one.id, asset, "label", at, end, seconds, state, not is_gold)
        if state != "submitted":
            asset.skips += state == "skipped"
            return
        given = self._say(one, asset)
        self._label(assignment, asset, "label", one.id, end, seconds, given)
        if is_gold:
            self._score_gold(assignment, asset, one.id, end, given)
            return
        asset.answers.append((assignment, one.id, given, given == asset.truth))
        asset.times.append(seconds / one.pace / learnt)
        if len(asset.answers) == asset.plan.wanted:
            self._full(asset, end)

    def _say(self, one: Labeller, asset: Asset) -> str:
        right = one.accuracy - 0.1 * asset.night - 0.12 * min(asset.hard, 2)
        right -= 0.3 * (one.falls and self.day >= 76)
        if self.random.random() < max(right, 0.3):
            return asset.truth
        others = [key for key in asset.plan.classes if key != asset.truth]
        # The neighbour in the list is what a class is most often taken for.
        near = asset.plan.classes[(asset.plan.classes.index(asset.truth) + 1) % len(others)]
        likely = near if near in others and self.random.random() < 0.6 else None
        return likely or str(self.random.choice(others))

    def _assignment(
        self, who: int, asset: Asset, stage: str, at: datetime, end: datetime, seconds: float,
        state: str, counts: bool, task: int | None = None,
    ) -> int:  # fmt: skip
        number, ms = self.next("assignment"), int(1000 * seconds)
        wall = ms + int(self.random.integers(500, 9000))
        task = task or asset.task
        self.rows["assignment"].append(
            (number, uuid.UUID(int=number), task, who, asset.plan.row.project_id, state, counts,
             at, at + timedelta(minutes=30), at, end, "unclear" if state == "skipped" else None,
             ms, wall, end)
        )  # fmt: skip
        self._event("leased", at, who, asset, stage, task, number, {})
        if state != "submitted":
            times = {"active_ms": ms, "idle_ms": 0, "wall_ms": wall}
            more = {"reason": "unclear", "note": ""} if state == "skipped" else {}
            self._event(state, end, who, asset, stage, task, number, {**times, **more})
        return number

    def _event(
        self, kind: str, at: datetime, who: int, asset: Asset, stage: str, task: int, number: int,
        data: dict[str, Any],
    ) -> None:  # fmt: skip
        row = asset.plan.row
        self.rows["work_event"].append(
            (at, kind, who, row.project_id, row.id, stage, task, number, data)
        )

    def _label(
        self, number: int, asset: Asset, stage: str, who: int, end: datetime, seconds: float,
        key: str, task: int | None = None, **more: Any,
    ) -> None:  # fmt: skip
        ms = int(1000 * seconds)
        self._event("submitted", end, who, asset, stage, task or asset.task, number,
                    {"active_ms": ms, "idle_ms": ms // 9, "wall_ms": ms + 2000, "inputs": 4,
                     "class": key})  # fmt: skip
        self.rows["label"].append(
            (self.next("label"), number, 1, {"class": key, **more},
             self.versions[asset.plan.row.project_id], str(number), end)
        )  # fmt: skip

    def _score_gold(self, number: int, asset: Asset, who: int, at: datetime, given: str) -> None:
        right = float(given == asset.truth)
        judged = at + timedelta(seconds=4)
        self._event("gold_scored", judged, who, asset, "label", asset.task, number,
                    {"correct": right})  # fmt: skip
        version = next(row[0] for row in self.rows["gold"] if row[2] == asset.id)
        self.rows["gold_score"].append(
            (self.next("gold_score"), number, version, self.numbers["label"], right, judged)
        )
        self._evidence(who, asset, number, "gold", right, 1.0, judged)

    def _evidence(
        self, who: int, asset: Asset, number: int, kind: str, right: float, sure: float,
        at: datetime,
    ) -> None:  # fmt: skip
        self.judged[who].append((asset.plan.row.project_id, kind, right))
        self.rows["evidence"].append(
            (self.next("evidence"), who, asset.plan.row.project.skill_id,
             asset.plan.row.project_id, number, kind, right, sure, len(asset.plan.classes), at)
        )  # fmt: skip

    def _full(self, asset: Asset, at: datetime) -> None:
        """All answers are in: the majority is the label, and some of it is reviewed tomorrow."""
        self.open[asset.plan.row.id].remove(asset)
        said = Counter(key for _, _, key, _ in asset.answers)
        asset.consensus, most = said.most_common(1)[0]
        share = most / len(asset.answers)
        judged = at + timedelta(seconds=3)
        self._consensus(asset, 1, "majority", asset.consensus, share, None, judged)
        for number, who, key, _ in asset.answers:
            agreed = float(key == asset.consensus)
            self._event("consensus_scored", judged, who, asset, "label", asset.task, number,
                        {"correct": agreed})  # fmt: skip
            self._evidence(who, asset, number, "consensus", agreed, share, judged)
        if self.random.random() < REVIEWED:
            self.reviews.append((at, asset))

    def _consensus(
        self, asset: Asset, version: int, method: str, key: str, share: float, by: int | None,
        at: datetime,
    ) -> None:  # fmt: skip
        self.rows["consensus"].append(
            (self.next("consensus"), asset.id, asset.plan.row.id, version, method, {"class": key},
             None if by else 0.5 + share / 2, len(asset.answers), share, {}, by, at)
        )  # fmt: skip

    def _review_until(self, until: datetime) -> None:
        due = [(at, asset) for at, asset in self.reviews if at < until]
        self.reviews = [one for one in self.reviews if one[0] >= until]
        for n, (_, asset) in enumerate(due):
            reviewer = self.floor.history.reviewers[n % 2]
            at = until + timedelta(minutes=3 * n)
            if at < self.floor.now:
                self._review(asset, reviewer, at)

    def _review(self, asset: Asset, who: int, at: datetime) -> None:
        assert asset.consensus is not None
        task, row = self.next("task"), asset.plan.row
        seconds = float(self.random.lognormal(1.8, 0.4))
        end = at + timedelta(seconds=seconds)
        self.rows["task"].append(
            (task, self.lane(row.id, "review"), asset.id, "review", 1, task, 1, 1, 0,
             at - timedelta(hours=2))
        )  # fmt: skip
        number = self._assignment(who, asset, "review", at, end, seconds, "submitted", True, task)
        wrong = asset.consensus != asset.truth
        self._label(number, asset, "review", who, end, seconds, asset.truth, task,
                    verdict="fix" if wrong else "accept", remark="")  # fmt: skip
        self._consensus(asset, 2, "review", asset.truth, 1.0, who, end)
        for given, labeller, key, _ in asset.answers:
            right = float(key == asset.truth)
            self._event("reviewed", end, labeller, asset, "label", asset.task, given,
                        {"correct": right})  # fmt: skip
            self._evidence(labeller, asset, given, "review", right, 1.0, end)
        if wrong and self.random.random() < 0.4:
            self._rework(asset, asset.answers[0][1], end + timedelta(hours=14))

    def _rework(self, asset: Asset, who: int, at: datetime) -> None:
        if at >= self.floor.now:
            return
        task = self.next("task")
        self.rows["task"].append(
            (task, self.lane(asset.plan.row.id, "rework"), asset.id, "rework", 1, task, 1, 1, 0,
             at - timedelta(hours=14))
        )  # fmt: skip
        end = at + timedelta(seconds=9)
        number = self._assignment(who, asset, "rework", at, end, 9.0, "submitted", True, task)
        self._label(number, asset, "rework", who, end, 9.0, asset.truth, task)

    def keep(self) -> None:
        """Everything into the tables, and what is believed of it."""
        from tests.history_believed import believe, keep

        believe(self)
        keep(self)


def _shares(n: int) -> Any:
    weights = 1 / np.arange(1, n + 1)
    return weights / weights.sum()
