"""One simulated floor, answer by answer, judged by the product's own arithmetic.

Everybody gives one answer a step. Gold comes at the pace of `policy`; ordinary work in one order
for all, what came back first. An asset whose answers are in is judged by `Belief` (weighted by what
is believed of its labellers: standing at first, then Dawid-Skene, fitted again as answers grow),
each answer against the others alone; that and gold are the evidence that `sequential` weighs. The
truth is used to draw answers and to score gold, nowhere else.
"""

import random
from typing import NamedTuple

import numpy as np

from benchmarks.simulation.people import People, Setting, hire
from ops.project_settings import GoldSettings, OverlapTerms
from quality.judging import fit
from quality.judging.belief import Belief
from quality.measures import overlap, sequential, standing
from quality.measures.sequential import Terms
from scheduling import policy

GOLD_ASSETS = 200
# A fit is made again when answers have grown by so much. (The product refits as often as 5 % of a
# core allow, which here would be more often.)
GROWTH = 0.25
BINS = 10
# Early on everybody is tested at every step, later at every so many.
EVERY, EARLY = 10, 80


class Plan(NamedTuple):
    """How work is handed out: `overlap` as a project sets it, `assets` to do (None: as many as the
    answers are enough for), and the `terms` of the test (None: nobody is stopped)."""

    overlap: OverlapTerms
    assets: int | None = None
    terms: Terms | None = sequential.TERMS


class Outcome(NamedTuple):
    """By labeller: `stopped_at` (observations when stopped, -1: never), `gold_seen` among them,
    `answers` given, `path` of evidence; of the assets done: `correct`, `majority_correct`, `said`
    (probability of the label) and `answers_used` (gold not among them)."""

    people: People
    stopped_at: np.ndarray
    gold_seen: np.ndarray
    answers: np.ndarray
    paths: list[np.ndarray]
    correct: np.ndarray
    majority_correct: np.ndarray
    said: np.ndarray
    answers_used: int


def simulate(setting: Setting, plan: Plan, seed: int) -> Outcome:
    """Run one floor until everybody has given their answers, or the assets are done."""
    floor = _Floor(setting, plan, seed)
    while floor.step():
        pass
    return floor.outcome()


class _Floor:
    def __init__(self, setting: Setting, plan: Plan, seed: int):
        # People and truth are the same under every plan.
        rng = np.random.default_rng([seed, 1])
        self.setting, self.plan, n = setting, plan, setting.labellers
        self.people = hire(setting, rng)
        self.most = plan.overlap.maximum
        total = n * setting.answers_each
        self.n_assets = plan.assets or total // plan.overlap.minimum
        n_all = self.n_assets + GOLD_ASSETS
        truth = rng.integers(0, setting.n_classes, total + GOLD_ASSETS)
        self.truth = np.concatenate([truth[: self.n_assets], truth[-GOLD_ASSETS:]])
        self.lure = _lures(self.truth, setting, self.n_assets, seed)
        self.rng, self.lots = np.random.default_rng([seed, 2]), random.Random(seed)
        # Answers, in the order given; `told` says when evidence of an answer was first known.
        self.who, self.asset, self.label = (np.zeros(total, np.int64) for _ in range(3))
        self.correct, self.certainty = np.full(total, np.nan), np.ones(total)
        self.n, self.observed, self.steps = 0, np.zeros(0, np.int64), 0
        # Assets: their answers, how many they have, want, and were judged with.
        self.answers = np.full((n_all, self.most), -1)
        self.got, self.judged = np.zeros(n_all, np.int64), np.zeros(n_all, np.int64)
        self.wanted = np.full(n_all, plan.overlap.minimum)
        self.met = np.zeros((n, n_all), bool)
        self.returned, self.head = np.zeros(0, np.int64), 0
        # Labellers.
        self.given, self.stopped_at = np.zeros(n, np.int64), np.full(n, -1)
        self.gold_seen = np.zeros(n, np.int64)
        self.to_gold = self._gaps(np.arange(n))
        self.fitted_at, self.belief = 0, self._believe()

    def step(self) -> bool:
        """One answer of everybody who still works; False when nobody does."""
        works = (self.stopped_at < 0) & (self.given < self.setting.answers_each)
        due = np.flatnonzero(works & (self.to_gold == 0))
        rest = np.flatnonzero(works & (self.to_gold > 0))
        who, asset = self._hand_out(rest)
        if not who.size:
            return False
        self.to_gold[who] -= 1
        self._answer(who, asset)
        if due.size:
            self._gold(due)
        self._judge(np.unique(asset))
        if self.n >= self.fitted_at * (1 + GROWTH):
            self._learn()
        self.steps += 1
        if self.plan.terms and (self.steps <= EARLY or self.steps % EVERY == 0):
            self._stop()
        return True

    def _hand_out(self, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(labeller, asset): what came back first, then the next in order, never one twice."""
        who = self.rng.permutation(who)
        fresh = np.arange(self.head, min(self.head + who.size + 1, self.n_assets))
        fresh = fresh[self.judged[fresh] == 0]  # the others are among those that came back
        slots = np.repeat(fresh, self.wanted[fresh] - self.got[fresh])
        slots = np.concatenate([self.returned, slots])[: who.size]
        who = who[: slots.size]
        for _ in range(10):
            clash = np.flatnonzero(self.met[who, slots])
            if not clash.size:
                break
            swap = self.rng.integers(0, who.size, clash.size)
            for i, j in zip(clash, swap, strict=True):
                who[i], who[j] = who[j], who[i]
        # An asset twice among the slots goes to two: nobody has two slots.
        free = ~self.met[who, slots]
        return who[free], slots[free]

    def _answer(self, who: np.ndarray, asset: np.ndarray) -> None:
        new = np.arange(self.n, self.n + who.size)
        self.n += who.size
        odds = self.people.confusion[who, self.truth[asset]].cumsum(axis=1)
        label = (self.rng.random(who.size)[:, None] > odds[:, :-1]).sum(axis=1)
        fallen = (self.lure[asset] >= 0) & (self.rng.random(who.size) < 0.5)
        label = np.where(fallen, self.lure[asset], label)
        self.who[new], self.asset[new], self.label[new] = who, asset, label
        self.given[who] += 1
        self.met[who, asset] = True
        work = asset < self.n_assets
        order = np.argsort(asset[work], kind="stable")
        sorted_ = asset[work][order]
        first = np.searchsorted(sorted_, sorted_)
        place = self.got[sorted_] + np.arange(sorted_.size) - first
        self.answers[sorted_, place] = new[work][order]
        np.add.at(self.got, asset[work], 1)
        full = self.got[self.returned] >= self.wanted[self.returned]
        self.returned = self.returned[~full]
        while self.head < self.n_assets and self.got[self.head] >= self.wanted[self.head]:
            self.head += 1

    def _gold(self, who: np.ndarray) -> None:
        """Gold that is new to each, picked evenly, and the gap to the next."""
        gold = np.arange(self.n_assets, self.n_assets + GOLD_ASSETS)
        tickets = np.where(self.met[np.ix_(who, gold)], -1, self.rng.random((who.size, gold.size)))
        first = self.n
        self._answer(who, gold[tickets.argmax(axis=1)])
        new = np.arange(first, self.n)
        self.correct[new] = self.label[new] == self.truth[self.asset[new]]
        self.observed = np.concatenate([self.observed, new])
        self.to_gold[who] = self._gaps(who)

    def _judge(self, assets: np.ndarray) -> None:
        """Judge assets whose answers are in: evidence on who answered, and whether to ask more."""
        ready = assets[self.got[assets] >= self.wanted[assets]]
        if not ready.size:
            return
        probability = self._tell(ready)
        self.judged[ready] = self.got[ready]
        self._ask(ready, probability)

    def _tell(self, assets: np.ndarray) -> np.ndarray:
        """Keep what the others make of each answer; the probability of each asset's label."""
        rows, columns = np.nonzero(self.answers[assets] >= 0)
        index = self.answers[assets][rows, columns]
        triple = rows, self.who[index], self.label[index]
        if self.plan.overlap.maximum > 1:
            best, q = self.belief.of_others(*triple, assets.size)
            shared = self.got[assets][rows] > 1
            news = index[shared & np.isnan(self.correct[index])]
            told = index[shared]
            self.correct[told] = self.label[told] == best[shared]
            self.certainty[told] = np.clip(q[shared], 0, 1)
            self.observed = np.concatenate([self.observed, news])
        return self.belief.posterior(*triple, assets.size).max(axis=1)

    def _ask(self, assets: np.ndarray, probability: np.ndarray) -> None:
        terms = self.plan.overlap
        if terms.kind == "dynamic":
            more = overlap.ask(
                probability, self.got[assets], terms.minimum, terms.maximum, terms.target
            )
            again = assets[more]
            self.wanted[again] = self.got[again] + 1
            self.returned = np.concatenate([self.returned, again])

    def _learn(self) -> None:
        """Fit again, and judge once more what was judged and is not being answered just now."""
        self.fitted_at, self.belief = self.n, self._believe()
        done = np.flatnonzero((self.judged > 0) & (self.judged == self.wanted))
        if done.size:
            self._ask(done, self._tell(done))

    def _believe(self) -> Belief:
        used = slice(0, self.n)
        who, asset, label = self.who[used], self.asset[used], self.label[used]
        n, k = self.setting.labellers, self.setting.n_classes
        if fit.enough(asset, who, k):
            gold = np.arange(self.n_assets, self.n_assets + GOLD_ASSETS)
            anchors = list(zip(gold.tolist(), self.truth[gold].tolist(), strict=True))
            model = fit.dawid_skene(asset, who, label, anchors, len(self.truth), n, k)
        else:
            mean = np.append(self._standings(np.arange(n)).mean, standing.posterior().mean)
            model = fit.one_coins(mean, k)
        seats = {i: i for i in range(n)}
        return Belief(tuple(map(str, range(k))), seats, model, "simulated", self.n, np.eye(k))

    def _standings(self, who: np.ndarray) -> standing.Standings:
        """The standing of these labellers from gold and agreement."""
        seat = np.full(self.setting.labellers, -1)
        seat[who] = np.arange(who.size)
        known = self.observed[seat[self.who[self.observed]] >= 0]
        gold = known[self.asset[known] >= self.n_assets]
        agreed = known[self.asset[known] < self.n_assets]
        n = np.bincount(seat[self.who[gold]], minlength=who.size)
        k = np.bincount(seat[self.who[gold]], self.correct[gold], who.size)
        binned = standing.bin_evidence(
            seat[self.who[agreed]], self.correct[agreed] > 0, self.certainty[agreed], who.size, BINS
        )
        return standing.posteriors(n, k, *binned, self.setting.n_classes)

    def _gaps(self, who: np.ndarray) -> np.ndarray:
        """How many ordinary answers pass until the next gold."""
        believed, terms = self._standings(who), GoldSettings()
        gaps = [
            policy.next_gap(policy.gold_rate(low, n, terms), self.lots) - 1
            for low, n in zip(believed.low.tolist(), believed.n.tolist(), strict=True)
        ]
        return np.maximum(gaps, 0)

    def _stop(self) -> None:
        found = self._trails()
        news = np.flatnonzero((found.stopped_at >= 0) & (self.stopped_at < 0))
        self.stopped_at[news] = found.n[news]
        gold = self.who[self.observed[self.asset[self.observed] >= self.n_assets]]
        self.gold_seen[news] = np.bincount(gold, minlength=self.setting.labellers)[news]

    def _trails(self) -> sequential.Trails:
        seen = self.observed
        return sequential.against_many(
            self.who[seen],
            self.correct[seen],
            self.certainty[seen],
            self.setting.n_classes,
            self.setting.labellers,
            self.plan.terms or sequential.TERMS,
        )

    def outcome(self) -> Outcome:
        if self.plan.terms:
            self._stop()
        self.belief = self._believe()
        done = np.flatnonzero(self.judged[: self.n_assets] >= self.wanted[: self.n_assets])
        rows, columns = np.nonzero(self.answers[done] >= 0)
        index = self.answers[done][rows, columns]
        posterior = self.belief.posterior(rows, self.who[index], self.label[index], done.size)
        votes = np.zeros_like(posterior)
        np.add.at(votes, (rows, self.label[index]), 1)
        votes += self.rng.random(votes.shape) / 2  # ties fall by lot
        evidence, who = self._trails().log_evidence, self.who[self.observed]
        return Outcome(
            self.people,
            self.stopped_at,
            self.gold_seen,
            self.given,
            [evidence[who == i] for i in range(self.setting.labellers)],
            posterior.argmax(axis=1) == self.truth[done],
            votes.argmax(axis=1) == self.truth[done],
            posterior.max(axis=1),
            int(self.got[: self.n_assets].sum()),
        )


def _lures(truth: np.ndarray, setting: Setting, n_assets: int, seed: int) -> np.ndarray:
    """The wrong class that many fall for on a hard asset, -1 on others and on gold."""
    rng, k = np.random.default_rng([seed, 3]), setting.n_classes
    hard = (rng.random(truth.size) < setting.hard) & (np.arange(truth.size) < n_assets)
    return np.where(hard, (truth + rng.integers(1, k, truth.size)) % k, -1)
