"""Rules: every signal from real evidence, every action, delay, lifting, appeal, override."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ops import clock_time, erasure, people
from ops.errors import InvalidInput
from ops.models import (
    Assignment,
    AuditEntry,
    Notice,
    ProjectMember,
    Task,
)
from quality import gold
from quality.judging import belief, judge
from quality.models import LabellerPace, ReviewDraw
from scheduling import dispatch, rules, submit
from scheduling.models import DeskTally, Rule, RuleFiring
from scheduling.rules import book, firings
from tests.db.answering import answer
from tests.db.books import balanced

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


class Clock:
    """A clock that stands until it is moved on."""

    def __init__(self) -> None:
        self.at = clock_time.now()
        clock_time.use(self._seconds)

    def _seconds(self) -> float:
        return self.at.timestamp()

    def on(self, **more: float) -> datetime:
        self.at += timedelta(**more)
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(session, sessions, make, clock):
    return World(session, sessions, make, clock)


class World:
    """A floor of four classes with a lead, and hands for what tests do all the time."""

    def __init__(self, session, sessions, make, clock):
        self.session, self.sessions, self.make, self.clock = session, sessions, make, clock
        self.floor = make.floor(labellers=4, assets=40, wanted=3, classes="abcd")
        self.project = self.floor.project
        self.lead = make.member(self.project, make.user("ops_lead"))
        self.me, self.other, self.third, self.fourth = self.floor.labellers
        session.commit()

    def rule(self, signal, action="warn", terms=None, measure=None, name="") -> Rule:
        made = book.create(
            self.session, self.project, name=name or f"{signal} {action}", signal=signal,
            terms=terms or {}, action=action, measure=measure or {}, by=self.lead,
        )  # fmt: skip
        self.session.commit()
        return made

    def golds(self, n, accepted="a"):
        assets = self.make.assets(self.floor.batch, n)
        made = [
            gold.make(self.session, self.project, one, [{"class": accepted}], self.lead)
            for one in assets
        ]
        self.session.commit()
        return made

    def task_of(self, one) -> Task:
        return self.session.get_one(Task, one.task_id)

    def on_gold(self, golds, key, who=None, **more):
        self.clock.on(seconds=30)
        for one in golds:
            at = self.clock.on(seconds=20)
            answer(self.session, self.task_of(one), who or self.me, key, at=at, **more)
        self.judge()

    def judge(self):
        self.session.commit()
        judge(self.sessions)
        self.session.expire_all()

    def look(self) -> int:
        self.session.commit()
        done = rules.evaluate(self.sessions)
        self.session.expire_all()
        return done

    def act(self) -> int:
        """Two hours later: whatever was decided has taken effect, nothing has ended."""
        self.clock.on(hours=2)
        self.session.commit()
        done = rules.apply_due(self.sessions)
        self.session.expire_all()
        return done

    def firings(self) -> list[RuleFiring]:
        return list(self.session.scalars(select(RuleFiring).order_by(RuleFiring.id)))

    def only(self) -> RuleFiring:
        (one,) = self.firings()
        return one

    def member(self, who=None) -> ProjectMember:
        return self.session.get_one(ProjectMember, (self.project.id, (who or self.me).id))

    def audited(self) -> list[str]:
        found = select(AuditEntry.action).where(AuditEntry.action.like("rule%"))
        return list(self.session.scalars(found.order_by(AuditEntry.id)))


def test_wrong_answers_to_gold_fire_once_and_take_effect_later(world):
    world.rule("gold_accuracy", "pause", measure={"hours": 24})
    world.on_gold(world.golds(12), "b")
    assert world.look() == 1
    assert world.look() == 0
    firing = world.only()
    assert (firing.state, firing.labeller_id) == ("pending", world.me.id)
    assert timedelta(0) < firing.takes_effect_at - firing.decided_at <= HOUR
    assert firing.evidence["wrong"] == firing.evidence["observations"] <= 12
    assert firing.evidence["path"][-1][0] == 12
    assert "gold" in firing.reason
    assert "gold" not in firing.told.lower()
    # Nothing of it shows before it takes effect.
    assert world.member().paused_until is None
    assert firings.of_labeller(world.session, world.me) == []
    assert world.act() == 1
    assert world.only().state == "applied"
    assert world.member().paused_until == world.clock.at + timedelta(hours=24)
    assert world.audited() == ["rule.created", "rule_firing.decided", "rule_firing.applied"]


def test_three_wrong_answers_are_no_evidence(world):
    world.rule("gold_accuracy", "suspend")
    world.on_gold(world.golds(3), "b")
    assert world.look() == 0


def test_a_good_labeller_is_left_alone(world):
    world.rule("gold_accuracy", "suspend")
    golds = world.golds(40)
    for i, one in enumerate(golds):
        at = world.clock.on(seconds=20)
        answer(world.session, world.task_of(one), world.me, "b" if i % 7 == 3 else "a", at=at)
    world.judge()
    assert world.look() == 0
    assert world.firings() == []


def test_only_what_is_new_is_looked_at(world, count_queries):
    world.rule("gold_accuracy", "warn")
    world.look()
    world.clock.on(minutes=5)
    count_queries.clear()
    world.look()
    assert not [s for s in count_queries if "FROM unnest" in s]
    world.on_gold(world.golds(12), "b")
    assert world.look() == 1


def test_agreement_speaks_with_its_certainty(world):
    world.rule("agreement", "warn")
    for i, task in enumerate(world.floor.tasks):
        for who, key in ((world.me, "bcd"[i % 3]), (world.other, "a"), (world.third, "a")):
            answer(world.session, task, who, key, at=world.clock.on(seconds=9))
        if i % 8 == 7:
            world.judge()
    assert world.look() == 1
    firing = world.only()
    assert firing.labeller_id == world.me.id
    assert set(firing.evidence["kinds"]) == {"consensus"}
    assert firing.evidence["wrong"] == firing.evidence["observations"]


def test_review_acceptance_counts_reviews_that_chance_chose(world):
    world.rule("review_acceptance", "restrict")
    reviewer = world.make.member(world.project, world.make.user("reviewer"))
    lane = world.make.lane(world.floor.batch, "review")
    assets = world.make.assets(world.floor.batch, 24)
    labels = world.make.tasks(world.floor.lane, assets)
    reviews = world.make.tasks(lane, assets)
    for label, review in zip(labels, reviews, strict=True):
        answer(world.session, label, world.me, "b", at=world.clock.on(seconds=20))
        at = world.clock.on(seconds=20)
        answer(world.session, review, reviewer, "a", at=at, verdict="fix")
    world.judge()
    # Chosen because they looked wrong: they say nothing of how often the labeller is right.
    assert world.look() == 0
    for review in reviews:
        drawn = ReviewDraw(task_id=review.id, reason="standing", layer=1, drawn_at=world.clock.at)
        world.session.add(drawn)
    book.look_again(world.session, world.project.id)
    assert world.look() == 1
    assert set(world.only().evidence["kinds"]) == {"review"}
    world.act()
    assert world.member().restricted_at == world.clock.at


def test_too_fast_asks_the_timing_model(world):
    world.rule("too_fast", "warn")
    for who in world.floor.labellers:
        world.session.add(
            LabellerPace(
                project_id=world.project.id, labeller_id=who.id, answers=50, median_seconds=9.0,
                mad_log=0.4, pace=1.0, at=world.clock.at,
            )
        )  # fmt: skip
    for task in world.floor.tasks[:20]:
        answer(world.session, task, world.me, "a", active_ms=400, at=world.clock.on(seconds=2))
        answer(world.session, task, world.other, "a", active_ms=8000, at=world.clock.on(seconds=9))
    assert world.look() == 1
    firing = world.only()
    assert firing.labeller_id == world.me.id
    assert 0.4 < firing.evidence["floor"] < 9
    assert firing.takes_effect_at == firing.decided_at  # it betrays nothing: at once


def test_times_that_say_nothing_fire_nothing(world):
    world.rule("too_fast", "warn")
    for task in world.floor.tasks[:20]:
        answer(world.session, task, world.me, "a", active_ms=400, at=world.clock.on(seconds=2))
    assert world.look() == 0


def _skip(world, who, n, project=None):
    for _ in range(n):
        world.clock.on(seconds=20)
        claimed = dispatch.claim(world.session, who)
        assert claimed is not None
        submit.skip(world.session, who, claimed.token, reason="other")


def test_skips_in_a_row_unless_others_skip_them_too(world):
    world.rule("skips_in_row", "warn", terms={"usual": 0.1, "alpha": 0.01, "tasks": 1000})
    _skip(world, world.me, 5)
    assert world.look() == 1
    assert world.only().evidence["longest"] == 5
    # The tasks themselves cannot be answered, it turns out.
    _skip(world, world.other, 6)
    book.look_again(world.session, world.project.id)
    assert world.look() == 1
    assert world.only().state == "lifted"


def test_hours_count_the_labellers_own_day(world):
    world.rule("hours", "pause", terms={"hours": 10}, measure={"hours": 8})
    world.me.timezone = "Pacific/Auckland"
    day = world.session.connection().exec_driver_sql(
        "SELECT (%(at)s::timestamptz AT TIME ZONE 'Pacific/Auckland')::date",
        {"at": world.clock.at},
    ).scalar_one()  # fmt: skip
    tally = DeskTally(
        labeller_id=world.me.id, batch_id=world.floor.batch.id, day=day, answers=9,
        active_ms=11 * 3_600_000,
    )  # fmt: skip
    world.session.add(tally)
    assert world.look() == 1
    assert world.only().evidence["hours"] == 11.0


def test_a_time_zone_nobody_knows_stops_no_rule(world):
    world.rule("hours", "warn")
    world.me.timezone = "Mars/Olympus"
    world.rule("gold_accuracy", "warn")
    world.on_gold(world.golds(12), "b")
    assert world.look() == 1


def test_drift_is_measured_against_their_own_past(world):
    world.rule("drift", "warn", terms={"past": 40})
    golds = world.golds(80)
    world.on_gold(golds[:40], "a")
    world.on_gold(golds[40:60], "a")
    assert world.look() == 0
    world.on_gold(golds[60:80], "b")
    assert world.look() == 1
    assert world.only().evidence["before"] > 0.8


@pytest.mark.parametrize(
    ("action", "column"),
    [("train", "training_since"), ("restrict", "restricted_at"), ("suspend", "suspended_at")],
)
def test_actions_set_the_membership_and_an_override_gives_it_back(world, action, column):
    world.rule("gold_accuracy", action)
    world.on_gold(world.golds(12), "b")
    world.look()
    world.act()
    assert getattr(world.member(), column) == world.clock.at
    firings.settle(world.session, world.only(), uphold=False, why="A mistake", by=world.lead)
    assert getattr(world.member(), column) is None
    assert world.audited()[-1] == "rule_firing.overridden"


def test_a_pause_recalls_what_is_held_and_what_comes_of_it_is_surplus(world):
    world.rule("gold_accuracy", "pause")
    world.on_gold(world.golds(12), "b")
    world.look()
    world.clock.on(minutes=61)
    held = dispatch.claim(world.session, world.me)
    world.session.commit()
    rules.apply_due(world.sessions)
    world.session.expire_all()
    assert world.session.get_one(Assignment, held.id).state == "released"
    assert dispatch.claim(world.session, world.me) is None
    accepted = submit.submit(
        world.session, world.me, held.token, label={"class": "a"}, key="0123456789", revision=0,
        active_ms=900, tab="t",
    )  # fmt: skip
    assert accepted.surplus
    balanced(world.session)


def test_a_pause_ends_by_itself_and_then_only_later_answers_count(world):
    world.rule("gold_accuracy", "pause", measure={"hours": 24})
    golds = world.golds(40)
    world.on_gold(golds[:12], "b")
    world.look()
    world.act()
    world.clock.on(hours=25)
    world.session.commit()
    assert rules.apply_due(world.sessions) == 1
    world.session.expire_all()
    assert (world.only().state, world.member().paused_until) == ("lifted", None)
    world.on_gold(golds[12:15], "b")
    assert world.look() == 0
    world.on_gold(golds[15:27], "b")
    assert world.look() == 1
    assert len(world.firings()) == 2


def test_gold_that_is_put_right_lifts_what_rested_on_it(world):
    world.rule("gold_accuracy", "suspend")
    golds = world.golds(12)
    world.on_gold(golds, "b")
    world.look()
    world.act()
    assert world.member().suspended_at is not None
    for one in golds[:8]:
        gold.revise(world.session, world.project, one, [{"class": "b"}], world.lead, reason="so")
    world.clock.on(seconds=5)
    assert world.look() == 1
    assert (world.only().state, world.member().suspended_at) == ("lifted", None)
    told = world.session.scalars(select(Notice.text).where(Notice.user_id == world.me.id)).all()
    assert "taken back" in told[-1]
    assert not any("gold" in text.lower() for text in told)
    # Lifted by its evidence, not settled: the same evidence would fire again if it came back.
    assert world.look() == 0


def test_a_firing_whose_evidence_goes_before_it_takes_effect_is_never_known(world):
    world.rule("gold_accuracy", "suspend")
    golds = world.golds(12)
    world.on_gold(golds, "b")
    world.look()
    for one in golds:
        gold.revise(world.session, world.project, one, [{"class": "b"}], world.lead, reason="so")
    assert world.look() == 1
    assert world.act() == 0
    assert world.only().state == "lifted"
    assert not world.session.scalars(select(Notice).where(Notice.user_id == world.me.id)).all()


def test_their_unreviewed_work_is_done_again_and_counts_again_when_overridden(world):
    world.rule("gold_accuracy", "pause", measure={"redo": True})
    for task in world.floor.tasks[:6]:
        answer(world.session, task, world.me, "a", at=world.clock.on(seconds=9))
    world.make.decided(world.floor.assets[0], method="review")
    world.on_gold(world.golds(12), "b")
    world.look()
    world.act()
    assert world.only().evidence["redone"] == 5
    surplus = select(Assignment).where(Assignment.surplus)
    assert len(world.session.scalars(surplus).all()) == 5
    balanced(world.session)
    # Somebody else fills one of the places meanwhile: that one stays theirs.
    for who in (world.other, world.third, world.fourth):
        answer(world.session, world.floor.tasks[1], who, "b", at=world.clock.on(seconds=9))
    world.session.commit()
    n = firings.settle(world.session, world.only(), uphold=False, why="No", by=world.lead)
    assert n == 4
    world.session.commit()
    balanced(world.session)
    assert len(world.session.scalars(surplus).all()) == 1


def test_an_appeal_is_made_once_and_settled_with_a_reason(world):
    world.rule("gold_accuracy", "pause", measure={"hours": 72})
    world.on_gold(world.golds(12), "b")
    world.look()
    world.act()
    mine = firings.own(world.session, world.me, world.only().id)
    with pytest.raises(Exception, match="1 to"):
        firings.appeal(world.session, mine, "  ", by=world.me)
    firings.appeal(world.session, mine, "The guideline says b.", by=world.me)
    assert mine.state == "appealed"
    with pytest.raises(Exception, match="already"):
        firings.appeal(world.session, mine, "Again!", by=world.me)
    with pytest.raises(Exception, match="reason"):
        firings.settle(world.session, mine, uphold=True, why="", by=world.lead)
    firings.settle(world.session, mine, uphold=True, why="It does not.", by=world.lead)
    assert mine.state == "upheld"
    assert world.member().paused_until is not None
    assert world.audited()[-2:] == ["rule_firing.appealed", "rule_firing.upheld"]
    entry = world.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "rule_firing.upheld")
    ).one()
    assert entry.actor == world.lead.pseudonym
    # The reason stands where it can be erased, not in the audit trail.
    assert mine.settled_why == "It does not." and "It does not." not in str(entry.data)


def test_an_appeal_is_forgotten_with_the_person_who_wrote_it(world):
    world.rule("gold_accuracy", "warn")
    world.on_gold(world.golds(12), "b")
    world.look()
    world.act()
    firings.appeal(world.session, world.only(), "I am Ada Lovelace.", by=world.me)
    people.deactivate(world.session, world.me, by=world.lead)
    erasure.erase(world.session, world.me, by=world.lead)
    world.act()
    assert world.only().appeal == "(erased)"


def test_after_an_override_the_same_evidence_fires_no_more(world):
    world.rule("gold_accuracy", "pause")
    golds = world.golds(40)
    world.on_gold(golds[:12], "b")
    world.look()
    world.act()
    world.clock.on(minutes=1)
    firings.settle(world.session, world.only(), uphold=False, why="Let go", by=world.lead)
    assert world.member().paused_until is None
    book.look_again(world.session, world.project.id)
    assert world.look() == 0
    world.on_gold(golds[12:24], "b")
    assert world.look() == 1


def test_two_firings_hold_until_the_last_goes(world):
    world.rule("gold_accuracy", "pause", measure={"hours": 24})
    terms = {"alpha": 0.05, "with_agreement": False}
    second = world.rule("gold_accuracy", "pause", terms, {"hours": 48}, name="twice as long")
    world.on_gold(world.golds(12), "b")
    assert world.look() == 2
    world.act()
    until = {f.rule_id: f.ends_at for f in world.firings()}
    assert world.member().paused_until == max(until.values()) == until[second.id]
    longest = next(f for f in world.firings() if f.rule_id == second.id)
    firings.settle(world.session, longest, uphold=False, why="No", by=world.lead)
    assert world.member().paused_until == min(until.values())


def test_a_new_rule_does_not_fire_for_what_was_made_good_since(world):
    golds = world.golds(72)
    world.on_gold(golds[:12], "b")
    world.on_gold(golds[12:], "a")
    world.on_gold(golds[:12], "b", who=world.other)
    for task in world.floor.tasks[:8]:  # an old run of skips, too
        skipped = answer(world.session, task, world.me, "a", at=world.clock.on(seconds=9))
        skipped.state = "skipped"
    answer(world.session, world.floor.tasks[9], world.me, "a", at=world.clock.on(seconds=9))
    world.clock.on(minutes=5)
    world.rule("gold_accuracy", "warn")
    world.rule("skips_in_row", "warn")
    assert world.look() == 1
    assert world.only().labeller_id == world.other.id


def test_a_rule_that_is_switched_off_applies_nothing_more(world):
    rule = world.rule("gold_accuracy", "suspend")
    world.on_gold(world.golds(12), "b")
    world.look()
    book.set_enabled(world.session, world.project, rule, False, by=world.lead)
    world.act()
    assert (world.only().state, world.member().suspended_at) == ("lifted", None)


def test_training_ends_with_a_certificate_earned_since(world):
    world.rule("gold_accuracy", "train")
    world.on_gold(world.golds(12), "b")
    world.look()
    world.act()
    assert world.member().training_since is not None
    world.clock.on(hours=1)
    skill = world.project.skill
    world.make.certificate(world.me, skill)
    assert world.act() == 0  # granted by hand: not what was asked for
    world.make.certificate(world.me, skill).source = "assessment"
    assert world.act() == 1
    assert (world.only().state, world.member().training_since) == ("lifted", None)


def test_leads_and_labeller_are_told_in_the_application(world):
    world.rule("gold_accuracy", "pause")
    world.on_gold(world.golds(12), "b")
    world.look()
    world.act()
    rows = world.session.execute(select(Notice.user_id, Notice.text, Notice.url)).all()
    assert {row.user_id for row in rows} == {world.me.id, world.lead.id}
    assert all(world.me.name not in row.text for row in rows)  # a notice outlives a name
    mine = next(row for row in rows if row.user_id == world.me.id)
    assert mine.url == "/desk/decisions"


def test_recommended_rules_are_installed_once(world):
    made = book.install_recommended(world.session, world.project, by=world.lead)
    assert {rule.signal for rule in made} == {
        "gold_accuracy", "review_acceptance", "drift", "too_fast", "skips_in_row", "hours",
    }  # fmt: skip
    assert book.install_recommended(world.session, world.project, by=world.lead) == []
    for rule in made:
        assert book.in_words(world.session, rule).startswith("If ")


@pytest.mark.parametrize(
    ("signal", "terms", "field"),
    [
        ("gold_accuracy", {"good": 0.4}, "terms.good"),
        ("gold_accuracy", {"alpha": 0.9}, "terms.alpha"),
        ("gold_accuracy", {"percent": 70}, "terms.percent"),
        ("skips_in_row", {"tasks": 3}, "terms.tasks"),
        ("bad_mood", {}, "signal"),
    ],
)
def test_terms_are_refused_by_the_field(world, signal, terms, field):
    with pytest.raises(InvalidInput) as caught:
        world.rule(signal, "warn", terms=terms)
    assert caught.value.errors[0]["field"] == field
    world.session.rollback()
    assert world.session.scalars(select(Rule)).all() == []
