"""Labels that look wrong: against cleanlab, brute force, real labels and planted errors."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

import wsgi
from quality.measures import label_errors


def drawn(seed, n=400, k=4, wrong=0.05):
    """(labels given, whether each is wrong, probabilities of a good model)."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    logits = rng.normal(0, 1, (n, k))
    logits[np.arange(n), truth] += 4
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    bad = rng.random(n) < wrong
    labels = np.where(bad, (truth + rng.integers(1, k, n)) % k, truth)
    return labels, bad, chances


def test_the_real_labels_of_mnist(shared_data):
    folder = shared_data / "mnist_label_errors"
    labels = np.load(folder / "mnist_test_set_original_labels.npy")
    chances = np.load(folder / "mnist_test_set_pyx.npy").astype(float)
    assert len(label_errors.confident(labels, chances)) == 15


@pytest.mark.parametrize("method", ["confident", "contradicted"])
def test_planted_errors_come_first(method):
    labels, bad, chances = drawn(7)
    ranked = getattr(label_errors, method)(labels, chances)
    score = np.zeros(len(labels))
    score[ranked] = np.arange(len(ranked), 0, -1)
    assert average_precision_score(bad, score) > 0.8  # the cautious one leaves some out


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(2, 60), k=st.integers(2, 5))
def test_the_orders_are_those_of_a_plain_loop(seed, n, k):
    labels, _, chances = drawn(seed, n, k)
    surest = [
        i
        for _, i in sorted(
            (-max(row), i) for i, row in enumerate(chances) if row.argmax() != labels[i]
        )
    ]
    assert label_errors.contradicted(labels, chances).tolist() == surest
    entropy = [-sum(p * np.log(p) for p in row if p > 0) for row in chances]
    ranked = label_errors.on_the_boundary(labels, chances)
    assert sorted(ranked) == list(range(n))
    assert all(np.diff([entropy[i] for i in ranked]) <= 1e-12)


def test_a_class_that_nobody_gave_takes_no_part():
    labels, _, chances = drawn(3, k=3)
    with_ghost = np.column_stack([chances * 0.999, np.full(len(labels), 0.001)])
    assert set(label_errors.confident(labels, with_ghost)) == set(
        label_errors.confident(labels, chances)
    )


def test_one_class_alone_cannot_be_judged():
    _, _, chances = drawn(3)
    assert label_errors.confident(np.zeros(400, int), chances).size == 0


@pytest.fixture
def call(tmp_path, capsys):
    """Run the command on two arrays: (status, what it printed, what it complained of)."""

    def run(labels, chances, *more):
        for name, values in (("l", labels), ("p", chances)):
            np.save(tmp_path / name, values, allow_pickle=True)
        code = 0
        try:
            at = ("--labels", str(tmp_path / "l.npy"), "--probabilities", str(tmp_path / "p.npy"))
            wsgi.cli(["label-errors", *at, *more])
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capsys.readouterr()

    return run


def test_the_command(call):
    labels, _, chances = drawn(7)
    _, out, _ = call(labels, chances, "--json")
    flagged = json.loads(out)["flagged"]
    assert flagged == label_errors.confident(labels, chances).tolist()
    _, out, _ = call(labels, chances, "--top", "3")
    assert out.startswith("3 of 400")
    assert [int(line.split()[0]) for line in out.splitlines()[3:]] == flagged[:3]


@pytest.mark.parametrize(
    ("labels", "chances", "said"),
    [
        (np.zeros(3, int), np.ones((2, 2)) / 2, "labels: expected 2 codes"),
        (np.array([0, 5]), np.ones((2, 2)) / 2, "labels: expected codes from 0 to 1"),
        (np.zeros(2, int), np.array([[9.0, -3.0]] * 2), "probabilities: expected numbers"),
        (np.zeros(2, int), np.array([[9.0, 3.0]] * 2), "are these logits?"),
        (np.zeros(2, int), np.ones(2), "probabilities: expected (n, k)"),
        (np.array(["a", "b"]), np.ones((2, 2)) / 2, "expected an array of numbers"),
        (np.array([{}, {}], object), np.ones((2, 2)) / 2, "expected an array saved by"),
    ],
)
def test_bad_input_is_one_line(call, labels, chances, said):
    code, _, complaint = call(labels, chances)
    assert code == 2
    assert said in complaint
    assert complaint.count("\n") == 1


def clusters(seed=3, n=600, k=4, wrong=0.06):
    """(features, labels given, whether each is wrong) of classes that lie apart."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    features = rng.normal(0, 1, (n, 6)) + 3.5 * np.eye(k, 6)[truth]
    bad = rng.random(n) < wrong
    return features, np.where(bad, (truth + rng.integers(1, k, n)) % k, truth), bad


def tagged(seed=5, n=500, wrong=0.04):
    """(features, tags given, which are wrong): three tags, each seen in a feature of its own."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 3)) < (0.5, 0.3, 0.4)
    features = rng.normal(0, 1, (n, 5)) + 4 * np.pad(truth, ((0, 0), (0, 2)))
    bad = rng.random((n, 3)) < wrong
    return features, truth ^ bad, bad


def run(tmp_path, capsys, *options, **arrays):
    for name, values in arrays.items():
        np.save(tmp_path / f"{name}.npy", values)
        options += (f"--{name}", str(tmp_path / f"{name}.npy"))
    code = 0
    try:
        wsgi.cli(["label-errors", *options, "--json"])
    except SystemExit as ended:
        code = ended.code or 0
    out, err = capsys.readouterr()
    return code, err if code else json.loads(out)["flagged"]


def precision_of(ranked, bad):
    score = np.zeros(len(bad))
    score[ranked] = np.arange(len(ranked), 0, -1)
    return average_precision_score(bad, score)


@pytest.mark.parametrize("method", ["confident", "kfold"])
def test_features_alone_are_enough(tmp_path, capsys, method):
    features, labels, bad = clusters()
    code, ranked = run(
        tmp_path, capsys, "--method", method, "--folds", "3", features=features, labels=labels
    )
    assert code == 0
    assert precision_of(ranked, bad) > 0.8


def test_a_class_is_cleaned_by_what_the_others_teach(tmp_path, capsys):
    """A model that never learnt a class is unsure of it, but surer of what belongs elsewhere."""
    found = []
    for seed in (3, 4, 5):
        features, labels, bad = clusters(seed, n=900)
        code, ranked = run(
            tmp_path, capsys, "--method", "precision", "--of", "2", features=features, labels=labels
        )
        of = np.flatnonzero(labels == 2)
        assert (code, sorted(ranked)) == (0, of.tolist())
        found.append(precision_of(np.searchsorted(of, ranked), bad[of]))
    # Of what is labelled so, one in sixteen is wrong.
    assert np.mean(found) > 0.6


def test_what_a_model_never_taught_a_class_says_of_it():
    """By a plain loop: most like any other class first."""
    labels, _, chances = drawn(3, n=80)
    rows = [i for i in range(80) if labels[i] == 1]
    expected = sorted(rows, key=lambda i: (-max(p for c, p in enumerate(chances[i]) if c != 1), i))
    assert label_errors.mistaken(labels, chances, 1).tolist() == expected


@pytest.mark.parametrize("method", ["confident", "kfold"])
def test_wrong_tags_come_first(tmp_path, capsys, method):
    features, given, bad = tagged()
    code, ranked = run(
        tmp_path, capsys, "--method", method, features=features, labels=given.astype(int)
    )
    assert code == 0
    assert precision_of(ranked, bad.any(axis=1)) > 0.8


def test_a_tag_is_cleaned_and_the_boundary_comes_first(tmp_path, capsys):
    features, given, _ = tagged()
    code, ranked = run(
        tmp_path, capsys, "--method", "precision", "--of", "1", features=features, labels=given
    )
    assert (code, sorted(ranked)) == (0, np.flatnonzero(given[:, 1]).tolist())
    chances = np.random.default_rng(0).random(given.shape)
    entropy = -(chances * np.log(chances) + (1 - chances) * np.log(1 - chances)).sum(axis=1)
    boundary = label_errors.tags_on_the_boundary(given, chances)
    assert (np.diff(entropy[boundary]) <= 1e-9).all()
    pairs = label_errors.contradicted_tags(given, chances)
    wrong = [at for at, p in np.ndenumerate(chances) if (p > 0.5) != given[at]]
    surest = sorted(wrong, key=lambda at: (-abs(chances[at] - 0.5), at))
    assert [tuple(p) for p in pairs] == surest
    assert label_errors.first_of(pairs).tolist() == list(dict.fromkeys(i for i, _ in surest))


def test_what_cannot_be_cleaned_is_said(tmp_path, capsys):
    features, labels, _ = clusters(n=40)
    for options, arrays, words in [
        ((), {"labels": labels}, "either --probabilities or --features"),
        (("--method", "precision"), {"labels": labels, "features": features}, "--of names"),
        (("--of", "1"), {"labels": labels, "features": features}, "--of names"),
        (("--method", "precision", "--of", "9"), {"labels": labels, "features": features}, "of:"),
        ((), {"labels": labels, "features": features[:7]}, "features: expected n × d"),
        ((), {"labels": labels * 1.5, "features": features}, "labels: expected"),
        ((), {"labels": np.stack([labels, labels], 1), "features": features}, "0 and 1 for tags"),
    ]:
        code, said = run(tmp_path, capsys, *options, **arrays)
        assert code == 2
        assert words in said, said
        assert len(said.strip().splitlines()) == 1
