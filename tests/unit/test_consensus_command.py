"""`touchstone consensus`: every model on a file of answers, and what it refuses."""

import csv

import numpy as np
import pytest

import wsgi
from quality.evaluation.consensus import MODELS
from quality.measures.consensus import majority
from quality.measures.crowdlab import crowdlab
from quality.measures.glad import glad
from quality.measures.mace import mace
from tests.unit.work_history import simulate

NAMES = ["cat", "dog", "hen"]


@pytest.fixture
def work(tmp_path):
    history, truth = simulate(120, 6, 4, np.linspace(0.5, 0.95, 6), 3, seed=2)
    with (tmp_path / "answers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["asset", "labeller", "label"])
        for a, w, c in zip(*history[:3], strict=True):
            rows.writerow([f"{a:03}", f"w{w}", NAMES[c]])
    chances = np.full((120, 3), 0.1)
    chances[np.arange(120), truth] = 0.8
    with (tmp_path / "p.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["dog", "asset", "hen", "cat"])  # by name, in any order
        for a, (cat, dog, hen) in enumerate(chances):
            rows.writerow([dog, f"{a:03}", hen, cat])
    return tmp_path, history, truth, chances


def command(folder, *more):
    arguments = ["consensus", str(folder / "answers.csv"), "--out", str(folder / "out.csv"), *more]
    try:
        wsgi.cli(arguments)
    except SystemExit as end:
        return end.code
    return 0


def labels(folder):
    with (folder / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["asset"] for row in rows] == [f"{a:03}" for a in range(len(rows))]
    return [NAMES.index(row["label"]) for row in rows], [float(r["probability"]) for r in rows]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_settles_every_asset(work, model):
    folder, history, truth, chances = work
    more = ["--probabilities", str(folder / "p.csv")] if model == "crowdlab" else []
    assert command(folder, "--model", model, *more) == 0
    label, sure = labels(folder)
    sizes = history.sizes
    expected = {
        "majority": lambda: majority(history.asset, history.label, sizes[0], sizes[2]),
        "crowdlab": lambda: crowdlab(*history[:3], *sizes[:2], chances),
        "glad": lambda: glad(*history),
        "mace": lambda: mace(*history),
    }
    if model in expected:
        np.testing.assert_allclose(sure, expected[model]().posterior.max(axis=1), atol=1e-6)
    votes = majority(history.asset, history.label, sizes[0], sizes[2]).label
    assert np.mean(np.array(label) == truth) >= np.mean(votes == truth)


def test_what_is_wrong_is_said_in_a_line_and_nothing_is_written(work, capsys):
    folder = work[0]
    wrong = folder / "wrong.csv"
    cases = [
        (["--model", "crowdlab"], "crowdlab needs them"),
        (["--probabilities", str(wrong)], "crowdlab needs them"),
        (["--model", "crowdlab", "--probabilities", str(folder / "none.csv")], "No such file"),
        ("asset,cat,dog\n000,1,0\n", "no column hen"),
        ("asset,cat,dog,hen\n000,1,0,x\n", "line 2: expected a number"),
        ("asset,cat,dog,hen\n000,1,0,0\n", "no row for 001"),
        ("asset,cat,dog,hen\n" + "".join(f"{a:03},2,0,0\n" for a in range(120)), "sum to 1"),
    ]
    given = ["--model", "crowdlab", "--probabilities", str(wrong)]
    for asked, said in cases:
        if isinstance(asked, str):
            wrong.write_text(asked)
        assert command(folder, *(given if isinstance(asked, str) else asked)) == 2
        errors = capsys.readouterr().err.strip().splitlines()
        assert said in errors[-1]
        assert not (folder / "out.csv").exists()
