"""Copying: planted copiers are found; those who only make the same honest mistakes are not."""

import itertools

import numpy as np
from hypothesis import given

from quality.measures.agreement import pairwise_agreement
from quality.measures.copying import too_alike
from quality.measures.meeting_chances import count, meetings, prepared
from tests.unit.work_history import histories

PEOPLE, CLASSES = 12, 4


def floor(seed, *, assets=400, per=5, copied=0.0):
    """Labellers of unequal ability; on hard assets one wrong answer lures all. Labeller 1 takes
    over a share of the answers of labeller 0, time and all."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, CLASSES, assets)
    lure = (truth + rng.integers(1, CLASSES, assets)) % CLASSES
    hard = rng.random(assets) < 0.2
    able = rng.uniform(0.8, 0.97, PEOPLE)
    able[-1] = 0.5
    who = np.argsort(rng.random((assets, PEOPLE)), axis=1)[:, :per].ravel()
    asset = np.repeat(np.arange(assets), per)
    right = rng.random(asset.size) < np.where(hard[asset], 0.45, able[who])
    astray = (truth[asset] + rng.integers(1, CLASSES, asset.size)) % CLASSES
    lured = hard[asset] & (rng.random(asset.size) < 0.7)
    said = np.full((assets, PEOPLE), -1)
    said[asset, who] = np.where(right, truth[asset], np.where(lured, lure[asset], astray))
    z = rng.normal(0, 0.8, said.shape) + rng.normal(0, 0.6, assets)[:, None]
    both = (said[:, :2] >= 0).all(axis=1) & (rng.random(assets) < copied)
    said[both, 1] = said[both, 0]
    z[both, 1] = z[both, 0] + rng.normal(0, 0.3, both.sum())
    return asset, who, said[asset, who], able, z[asset, who]


def alike(asset, who, said, able, z):
    return too_alike(asset, who, said, able, CLASSES, z)


def test_planted_copiers_are_found_and_nobody_else():
    found = alike(*floor(1, assets=2000, copied=0.5))
    assert {found.one[0], found.other[0]} == {0, 1}
    assert found.flagged.tolist() == [True] + [False] * (found.one.size - 1)
    value, low, high = (side[0] for side in found.echo())
    assert (
        value == found.echoed[0] / found.unusual[0] and low > found.expected[0] / found.unusual[0]
    )
    assert high > value
    assert found.times[0] > found.usual_times + 0.1


def test_honest_mistakes_in_common_are_hardly_ever_called_copying():
    flagged = [alike(*floor(seed)).flagged.any() for seed in range(20)]
    assert np.mean(flagged) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 20)


def test_nothing_is_said_of_a_few_labellers():
    asset, who, said, able, _ = floor(2)
    few = who < 5
    assert too_alike(asset[few], who[few], said[few], able[:5], CLASSES).one.size == 0
    assert too_alike([], [], [], able, CLASSES).one.size == 0


def test_new_names_change_nothing():
    asset, who, said, able, z = floor(3, copied=0.5)
    names = np.random.default_rng(0).permutation(PEOPLE)
    renamed = np.empty(PEOPLE)
    renamed[names] = able
    one, other = alike(asset, who, said, able, z), alike(asset, names[who], said, renamed, z)
    pairs = [
        {frozenset(pair): e for *pair, e in zip(*columns, strict=True)}
        for columns in (
            (names[one.one], names[one.other], one.log_evidence.round(6)),
            (other.one, other.other, other.log_evidence.round(6)),
        )
    ]
    assert pairs[0] == pairs[1]


@given(histories())
def test_meetings_are_all_pairs_and_their_scores_leave_both_out(history):
    able = np.linspace(0.6, 0.9, history.n_labellers)
    classes = max(history.n_classes, 2)
    a = prepared(*history[:3][:2], history.label, able, classes)
    counts = count(a, history.n_labellers, classes)
    expected = pairwise_agreement(*history[:3], history.n_labellers)
    off = ~np.eye(history.n_labellers, dtype=bool)
    np.testing.assert_array_equal(counts.met.sum(axis=0)[off], expected.shared[off])
    agreed = np.nan_to_num(expected.agreement * expected.shared)[off]
    np.testing.assert_allclose(counts.hits.sum(axis=0)[off], agreed)
    situations = []
    for m in meetings(a):
        for (i, j), found, _ in list(m.ways())[:1]:
            situations += zip(i.tolist(), j.tolist(), found.tolist(), strict=True)
    assert sorted(situations) == sorted(brute_force(history, able, classes, a.cuts))


def brute_force(history, able, classes, cuts):
    weight = np.maximum(np.log(able / (1 - able)) + np.log(classes - 1), 0)
    rows = list(zip(*(x.tolist() for x in history[:3]), strict=True))
    for (a, i, said), (b, j, _) in itertools.permutations(rows, 2):
        if a != b or i > j:
            continue
        rest = [(k, what) for c, k, what in rows if c == a and k not in (i, j)]
        score = weight[i] + sum(weight[k] * (1 if what == said else -1) for k, what in rest)
        yield i, j, 1 + int(np.searchsorted(cuts, score - 1e-9)) if rest else 0
