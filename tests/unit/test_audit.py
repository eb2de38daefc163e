"""`touchstone audit`, run as its user runs it, on made-up files and on real work histories."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ops.errors import TouchstoneError
from quality.audit.cli import audit
from quality.audit.faults import BadFile
from tests.unit.work_history import simulate

FILES = {"summary.json", "consensus.csv", "labellers.csv", "assets.csv", "report.html"}
HEADERS = {
    "consensus.csv": "asset,label,probability",
    "labellers.csv": "labeller,answers,accuracy,low,high,median_seconds,pace,flagged,reason",
    "assets.csv": "asset,answers,consensus,probability,agreement,difficulty,flagged,reason",
}


def run(*args):
    result = CliRunner().invoke(audit, [str(a) for a in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def audited(tmp_path, text, truth=None, encoding="utf-8"):
    """Audit this text; returns the summary and the tables by name."""
    answers, out = tmp_path / "answers.csv", tmp_path / "out"
    answers.write_bytes(text.encode(encoding))
    args = [answers, "--out", out]
    if truth is not None:
        (tmp_path / "truth.csv").write_text(truth, encoding="utf-8")
        args += ["--truth", tmp_path / "truth.csv"]
    run(*args)
    assert {p.name for p in out.iterdir()} == FILES
    for name, header in HEADERS.items():
        assert (out / name).read_text(encoding="utf-8").splitlines()[0] == header
    summary = json.loads((out / "summary.json").read_text())
    return summary, {name: rows_of(out / name) for name in HEADERS}


def refused(tmp_path, text, truth=None):
    """The message with which this text is refused; nothing is written."""
    with pytest.raises(BadFile) as caught:
        audited(tmp_path, text, truth)
    assert isinstance(caught.value, TouchstoneError)
    assert not (tmp_path / "out").exists()
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("folder", "expected", "dawid_skene", "timed"),
    [
        ("weather_tweets", (6030, 5, 300, 110, 5), 0.840, True),
        ("products", (24945, 0, 8315, 176, 2), 0.9397, False),
        ("dog_breeds", (8070, 0, 807, 109, 4), 0.8426, False),
        ("dog_photos_brief", (4980, 0, 249, 20, 10), 0.968, True),
    ],
)
def test_real_work_histories(shared_data, tmp_path, folder, expected, dawid_skene, timed):
    source = shared_data / folder
    run(source / "answers.csv", "--truth", source / "truth.csv", "--out", tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    keys = ("answers", "repeated_answers", "assets", "labellers", "classes")
    assert tuple(summary[key] for key in keys) == expected
    consensus = summary["consensus"]
    assert consensus["dawid_skene"]["accuracy"] >= dawid_skene - 0.005
    assert consensus["dawid_skene"]["judged"] == consensus["majority"]["judged"] == expected[2]
    assert summary["timing"]["usable"] == timed
    assert bool(summary["timing"]["why"]) != timed
    labellers = rows_of(tmp_path / "out" / "labellers.csv")
    assert sum(int(row["answers"]) for row in labellers) == expected[0] - expected[1]
    for row in labellers:
        assert 0 <= float(row["low"]) < float(row["accuracy"]) < float(row["high"]) <= 1
        assert (row["flagged"] == "true") == bool(row["reason"])
    assert len(rows_of(tmp_path / "out" / "assets.csv")) == expected[2]
    found = summary["hard_assets_found"]
    assert found["assets"] == expected[2]
    assert ("adjusted log time" in found["auc"]) == timed
    assert f"{found['auc']['difficulty']['2']:.3f}" in (tmp_path / "out/report.html").read_text()


def test_the_same_at_every_run_and_for_any_order_of_rows(tmp_path):
    history, _ = simulate(60, 8, 4, np.full(8, 0.7), 3, seed=0)
    lines = [f"a{a},w{w},c{y}" for a, w, y in zip(*history[:3], strict=True)]
    shuffled = np.random.default_rng(1).permutation(lines).tolist()
    texts = ["asset,labeller,label\n" + "\n".join(part) + "\n" for part in (lines, shuffled)]
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    first, second = (audited(tmp_path / str(i), text) for i, text in enumerate(texts, 1))
    assert first == second


def test_repeated_rows_keep_the_last_and_are_counted(tmp_path):
    summary, tables = audited(
        tmp_path, "asset,labeller,label\na,x,cat\na,y,dog\na,x,dog\na,x,dog\nb,x,cat\n"
    )
    assert summary["answers"] == 5
    assert summary["repeated_answers"] == 2
    first = tables["assets.csv"][0]
    assert (first["asset"], first["answers"], first["consensus"]) == ("a", "2", "dog")
    assert float(first["agreement"]) == 1


def test_without_truth_accuracy_is_null_and_ties_with_truth_are_split(tmp_path):
    text = "asset,labeller,label\na,x,cat\na,y,dog\nb,x,dog\nb,y,dog\n"
    summary, _ = audited(tmp_path, text)
    assert summary["consensus"]["majority"]["accuracy"] is None
    assert summary["consensus"]["majority"]["judged"] == 0
    summary, _ = audited(tmp_path, text, "asset,label\na,cat\nb,dog\nelsewhere,cat\n")
    assert summary["consensus"]["majority"]["accuracy"] == 0.75
    assert summary["consensus"]["majority"]["judged"] == 2


def test_a_class_only_the_truth_knows(tmp_path):
    summary, _ = audited(
        tmp_path, "asset,labeller,label\na,x,cat\na,y,cat\n", "asset,label\na,axolotl\n"
    )
    assert summary["classes"] == 2
    assert summary["consensus"]["dawid_skene"]["accuracy"] == 0


def test_one_answer_alone_is_undefined_and_not_zero(tmp_path):
    summary, tables = audited(tmp_path, "asset,labeller,label\na,x,cat\n")
    assert summary["krippendorff_alpha"] is None
    assert summary["timing"] == {
        "usable": False, "why": "no answer carries a time", "typical_seconds": None
    }  # fmt: skip
    assert tables["labellers.csv"][0]["accuracy"] == ""
    assert "nobody else" in tables["labellers.csv"][0]["reason"]
    assert tables["assets.csv"][0]["difficulty"] == ""
    assert tables["assets.csv"][0]["agreement"] == ""
    assert tables["consensus.csv"] == [{"asset": "a", "label": "cat", "probability": ""}]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "undefined" in page
    assert ">nan" not in page


def test_a_bom_windows_lines_blanks_quotes_and_missing_times(tmp_path):
    text = (
        "\ufeffAsset , labeller,label,seconds,note\r\n"
        '"a, the first",x, cat ,3.5,hello\r\n'
        "\r\n"
        '"a, the first",y,cat,,\r\n'
        "b,ÿ,dog,NaN,\r\n"
        'b,x,"say ""dog""",0,\r\n'
    )
    summary, tables = audited(tmp_path, text)
    assert (summary["answers"], summary["classes"], summary["labellers"]) == (4, 3, 3)
    assert tables["assets.csv"][0]["asset"] == "a, the first"
    assert tables["consensus.csv"][0]["label"] == "cat"
    assert {row["labeller"] for row in tables["labellers.csv"]} == {"x", "y", "ÿ"}
    assert {row["label"] for row in tables["consensus.csv"]} <= {"cat", "dog", 'say "dog"'}


def test_a_line_break_inside_quotes(tmp_path):
    summary, tables = audited(tmp_path, 'asset,labeller,label\n"a\nb",x,cat\n"a\nb",y,cat\n')
    assert summary["assets"] == 1
    assert tables["assets.csv"][0]["asset"] == "a\nb"


@pytest.mark.parametrize(
    "moment", ["2026-03-01T10:00:{:02d}Z", "2026-03-01 10:00:{:02d}", "17{:02d}"]
)
def test_learning_is_read_from_the_times_of_submission(tmp_path, moment):
    generator = np.random.default_rng(0)
    lines = ["asset,labeller,label,seconds,submitted_at"]
    for who in range(30):
        for i in range(60):
            seconds = 20 * (i + 1) ** -0.4 * np.exp(generator.normal(0, 0.1))
            lines.append(f"a{i},w{who},c{i % 3},{seconds:.3f},{moment.format(i)}")
    shuffled = [lines[0], *generator.permutation(lines[1:])]
    audited(tmp_path, "\n".join(shuffled) + "\n")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert re.search(r"each doubling of experience takes 2[0-9]% less time", page)


def test_a_fast_and_wrong_labeller_is_flagged_with_the_reason(tmp_path):
    history, _ = simulate(300, 12, 5, np.array([0.93] * 11 + [0.3]), 4, seed=8)
    generator = np.random.default_rng(8)
    seconds = np.where(history.labeller == 11, 1.5, 9) * np.exp(
        generator.normal(0, 0.4, history.asset.size)
    )
    lines = [
        f"a{a:03d},w{w:02d},c{y},{s:.2f}" for a, w, y, s in zip(*history[:3], seconds, strict=True)
    ]
    _, tables = audited(tmp_path, "asset,labeller,label,seconds\n" + "\n".join(lines) + "\n")
    flagged = [row for row in tables["labellers.csv"] if row["flagged"] == "true"]
    assert [row["labeller"] for row in flagged] == ["w11"]
    assert "× the usual time and is right less often" in flagged[0]["reason"]
    assert float(flagged[0]["pace"]) < 0.3
    assert sum(row["flagged"] == "true" for row in tables["assets.csv"]) <= 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no column asset, labeller, label; expected asset,labeller,label"),
        ("asset,labeller\na,x\n", "line 1: no column label; expected asset,labeller,label["),
        ("asset;labeller;label\na;x;cat\n", "line 1: no column asset, labeller, label"),
        ("asset,asset,labeller,label\n", "line 1: column asset stands there twice"),
        ("asset,labeller,label\n", "expected answers after the header, got none"),
        ("asset,labeller,label\na,x,cat\na,y\n", "line 3: expected 3 fields"),
        ("asset,labeller,label\na,x,cat\n\na,y,cat,5\n", "line 4: expected 3 fields"),
        ("asset,labeller,label\na,x,cat\na, ,cat\n", "line 3: labeller: expected a value"),
        ("asset,labeller,label\na,x,\n", "line 2: label: expected a value"),
        ("asset,labeller,label,seconds\na,x,cat,1\nb,x,cat,soon\n", "line 3: seconds: expected"),
        ("asset,labeller,label,seconds\na,x,cat,1\nb,x,cat,-2\n", "line 3: seconds: expected"),
        ("asset,labeller,label,seconds\na,x,cat,1\nb,x,cat,inf\n", "line 3: seconds: expected"),
        (
            "asset,labeller,label,submitted_at\na,x,cat,2026-01-01\nb,x,cat,yesterday\n",
            "line 3: submitted_at: expected an ISO 8601 time",
        ),
        ('asset,labeller,label\na,x,cat\nb,x,"dog\n', "line 3: unexpected end of data"),
        ('asset,labeller,label,note\na,x,cat,"\nb,x,dog,1\n', "line 3: unexpected end of data"),
    ],
)  # fmt: skip
def test_bad_rows_are_named_by_line(tmp_path, text, message):
    assert message in refused(tmp_path, text)


def test_bad_row_far_down_a_long_file_is_named(tmp_path):
    lines = [f"a{i},w{i % 7},c{i % 3}" for i in range(300_000)]
    lines[250_001] = "a,b"
    text = "asset,labeller,label\n" + "\n".join(lines) + "\n"
    assert "line 250003: expected 3 fields (asset,labeller,label), got 2" in refused(tmp_path, text)


def test_not_utf_8_is_named_by_line(tmp_path):
    (tmp_path / "answers.csv").write_bytes(
        "asset,labeller,label\na,x,cat\na,é,cat\n".encode("latin-1")
    )
    with pytest.raises(BadFile, match="line 3: expected text in UTF-8"):
        run(tmp_path / "answers.csv", "--out", tmp_path / "out")


def test_truth_that_contradicts_itself_is_refused(tmp_path):
    text = "asset,labeller,label\na,x,cat\na,y,cat\n"
    assert "asset 'a': expected one true label" in refused(
        tmp_path, text, "asset,label\na,cat\na,dog\n"
    )
    assert "truth.csv, line 1: no column label" in refused(tmp_path, text, "asset\na\n")


def test_thousands_of_classes_are_judged_with_one_accuracy_a_labeller(tmp_path):
    history, truth = simulate(1500, 9, 5, np.full(9, 0.8), 3000, seed=2)
    lines = [f"a{a},w{w},c{y}" for a, w, y in zip(*history[:3], strict=True)]
    known = [f"a{a},c{c}" for a, c in enumerate(truth)]
    summary, tables = audited(
        tmp_path,
        "asset,labeller,label\n" + "\n".join(lines) + "\n",
        "asset,label\n" + "\n".join(known) + "\n",
    )
    assert summary["consensus"]["dawid_skene"]["model"] == "one_coin"
    assert summary["consensus"]["dawid_skene"]["accuracy"] > 0.97
    for row in tables["labellers.csv"]:
        assert float(row["accuracy"]) == pytest.approx(0.8, abs=0.06)


def test_labels_that_are_no_classes_are_refused(tmp_path):
    lines = [f"a{i},w{i % 50},free text {i}" for i in range(20_000)]
    message = refused(tmp_path, "asset,labeller,label\n" + "\n".join(lines) + "\n")
    assert "expected a set of classes, got 20,000 different labels" in message


def test_one_line_and_status_2_on_the_command_line_and_no_folder(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "wsgi", "audit", str(tmp_path / "none.csv"), "--out", str(out)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No such file" in done.stderr
    assert not out.exists()


def test_a_failed_write_leaves_the_old_report_whole(tmp_path, monkeypatch):
    text = "asset,labeller,label\na,x,cat\na,y,cat\n"
    audited(tmp_path, text)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}

    def full(path, text):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("quality.audit.writing._text", full)
    with pytest.raises(BadFile, match="cannot write: No space left"):
        run(tmp_path / "answers.csv", "--out", tmp_path / "out")
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    with pytest.raises(BadFile, match="cannot write"):
        run(tmp_path / "answers.csv", "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_page_is_self_contained_and_inert(tmp_path):
    audited(
        tmp_path,
        "asset,labeller,label,seconds\n"
        "<script>alert(1)</script>,<b>x</b>,<img src=//evil>,3\n"
        "<script>alert(1)</script>,y,cat,4\n",
        "asset,label\n<script>alert(1)</script>,cat\n",
    )
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>x" not in page
    assert not re.search(r"<[^>]*(src|href)\s*=|url\(|@import|https?://", page)
    assert "<svg" in page
