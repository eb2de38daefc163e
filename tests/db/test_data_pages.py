"""What pages of the data read, on ninety days: against raw rows and plain loops; scope and jobs."""

from collections import Counter

import numpy as np
import pytest
from sqlalchemy import text

from metrics import balance, studies
from metrics.models import BalanceRollup, ModelError
from metrics.reads import assets, embedding_map, model_errors, rescore_runs
from metrics.reads import balance as balances
from ops.models import ReferenceModel, User
from quality.measures import drift, mapping
from tests.history import History

FORCE = (
    "SELECT DISTINCT ON (asset_id) asset_id, label ->> 'class' AS key FROM consensus "
    "ORDER BY asset_id, version DESC"
)


@pytest.fixture
def street(ninety_days: History) -> int:
    return ninety_days.projects["Street scenes"]


def rows(session, statement: str, **values):
    return session.execute(text(statement), values).all()


def whole(session) -> set[tuple]:
    session.rollback()
    return {tuple(row) for row in session.execute(BalanceRollup.__table__.select())}


def test_balance_is_what_the_rows_say_and_increments_equal_a_rebuild(
    ninety_days, street, session, sessions
):
    raw = Counter(
        dict(
            rows(session, f"SELECT f.key, count(*) FROM ({FORCE}) f JOIN asset a ON "
                 "a.id = f.asset_id WHERE a.project_id = :p GROUP BY 1", p=street)
        )
    )  # fmt: skip
    found = balances.classes(session, [street], street)
    assert dict(zip(found.label_class, found.objects, strict=True)) == dict(raw)
    assert found.share.sum() == pytest.approx(1)
    key = balances.dimensions(session, [street], street).dimension.iloc[0]
    cells = rows(
        session,
        f"SELECT f.key, a.meta ->> :k AS value, count(*) AS n FROM ({FORCE}) f JOIN asset a ON "
        "a.id = f.asset_id WHERE a.project_id = :p AND a.meta ? :k GROUP BY 1, 2",
        p=street, k=key.removeprefix("meta."),
    )  # fmt: skip
    cross = balances.cross(session, [street], street, key)
    got = {(r.label_class, r.value): r.objects for r in cross.itertuples() if r.label_class}
    assert got == {(c, v): n for c, v, n in cells}
    # A label is decided otherwise, an asset comes, another has no label: the same as from raw.
    one = session.scalar(text("SELECT min(asset_id) FROM consensus c JOIN batch b ON "
                              "b.id = c.batch_id WHERE b.state <> 'delivered'"))  # fmt: skip
    session.execute(
        text("INSERT INTO consensus (asset_id, batch_id, version, method, label, answers, "
             "posterior, at) SELECT asset_id, batch_id, max(version) + 1, 'review', "
             "'{\"class\": \"other\"}', 1, '{}', now() FROM consensus WHERE asset_id = :a "
             "GROUP BY 1, 2"), {"a": one},
    )  # fmt: skip
    session.commit()
    assert balance.update(sessions) >= 1 and balance.update(sessions) == 0
    counted = whole(session)
    balance.rebuild(sessions)
    assert whole(session) == counted
    assert session.scalar(text("SELECT count(*) FROM balance_rollup WHERE label_class = 'other'"))


def test_drift_is_that_of_the_rows(ninety_days, street, session):
    newest = int(balances.batches(session, [street], street).batch_id.iloc[0])
    found = balances.drifts(session, [street], street, balances.Newer(batch_id=newest))
    row = found[found.dimension == ""].iloc[0]
    sides = rows(
        session,
        f"SELECT f.key, count(*) FILTER (WHERE a.batch_id <> :b), count(*) FILTER (WHERE "
        f"a.batch_id = :b) FROM ({FORCE}) f JOIN asset a ON a.id = f.asset_id WHERE "
        "a.project_id = :p GROUP BY 1 ORDER BY 1", p=street, b=newest,
    )  # fmt: skip
    _, before, after = zip(*sides, strict=True)
    by_hand = drift.drift(before, after)
    assert (row.distance, row.p) == pytest.approx((by_hand.distance, by_hand.p))
    assert found.q.to_numpy() == pytest.approx(drift.adjusted(found.p))


def test_errors_are_those_of_a_plain_comparison(ninety_days, street, session, sessions):
    model = ninety_days.models["detector"]
    studies.request(session, session.get_one(ReferenceModel, model), "errors", by=None)
    session.commit()
    studies.run(sessions, model, "errors")
    said = rows(
        session,
        f"SELECT p.asset_id, f.key, p.label ->> 'class' AS seen, p.confidence FROM prediction p "
        f"JOIN ({FORCE}) f USING (asset_id) WHERE p.model_id = :m ORDER BY p.asset_id", m=model,
    )  # fmt: skip
    wrong = {(r.asset_id, r.key, r.seen) for r in said if r.key != r.seen}
    kept = session.execute(ModelError.__table__.select()).all()
    assert {(e.asset_id, e.truth, e.predicted) for e in kept} == wrong and len(kept) == len(wrong)
    of = embedding_map.models(session, [street], "errors").summary.iloc[0]
    classes = {c["key"]: (c["labelled"], c["predicted"]) for c in of["classes"]}
    for key, (labelled, predicted) in classes.items():
        assert labelled == sum(r.key == key for r in said)
        assert predicted == sum(r.seen == key for r in said)
    asked = model_errors.Wanted(confidence=(0.5, 1.0), truth=kept[0].truth)
    found = model_errors.errors(session, [street], model, asked, order="confidence", limit=500)
    fit = sorted((r.confidence for r in said if r.key == kept[0].truth and r.key != r.seen
                  and r.confidence >= 0.5), reverse=True)  # fmt: skip
    assert found.confidence.to_numpy() == pytest.approx(fit, abs=1e-6)
    assert model_errors.count(session, [street], model, asked) == len(fit)
    others = [ninety_days.projects["Shop shelves"]]
    assert model_errors.count(session, others, model, model_errors.Wanted()) == 0
    assert embedding_map.models(session, others, "errors").empty


def test_the_map_holds_every_vector_and_what_is_alike_is_found(
    ninety_days, street, session, sessions, settings, monkeypatch
):
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    monkeypatch.setattr(mapping, "SAMPLE", 120)
    model = ninety_days.models["eye"]
    assert studies.due(sessions) >= 2 and studies.due(sessions) == 0
    studies.run(sessions, model, "map")
    points = embedding_map.points(session, [street], model)
    raw = rows(session, "SELECT asset_id, vector FROM embedding WHERE model_id = :m "
               "ORDER BY asset_id", m=model)  # fmt: skip
    assert list(points.asset_id) == [r.asset_id for r in raw]
    vectors = mapping.unit(np.stack([np.frombuffer(r.vector, "<f4") for r in raw]))
    wanted = np.argsort(-(vectors @ vectors[3]), kind="stable")
    expected = [raw[i].asset_id for i in wanted if i != 3][:10]
    for home in (settings.home, settings.home / "elsewhere"):  # by the file, and without it
        found, looked = embedding_map.similar(session, [street], model, raw[3].asset_id, home, k=10)
        assert list(found.asset_id) == expected and looked == len(raw)
    others = [ninety_days.projects["Shop shelves"]]
    assert embedding_map.points(session, others, model).empty
    assert embedding_map.cards(session, others, expected).empty
    empty, _ = embedding_map.similar(session, others, model, raw[3].asset_id, settings.home)
    assert empty.empty


def test_a_study_of_an_older_worker_writes_nothing(ninety_days, session, sessions):
    model = ninety_days.models["detector"]
    studies.request(session, session.get_one(ReferenceModel, model), "errors", by=None)
    session.commit()
    older = studies.At(sessions, model, "errors")
    newer = studies.At(sessions, model, "errors")
    newer.say("comparing", 1, 2)
    with pytest.raises(studies.StudyLost):
        older.say("comparing", 2, 2)
    older.fail("too late")
    session.expire_all()
    state = session.scalar(text("SELECT state FROM model_study WHERE model_id = :m"), {"m": model})
    assert state == "running"


def test_hard_assets_by_filter_are_those_of_the_rows(ninety_days, street, session):
    raw = rows(
        session,
        f"SELECT h.asset_id, h.colour, h.difficulty, a.batch_id, a.external_id, f.key, a.meta FROM "
        f"asset_difficulty h JOIN asset a ON a.id = h.asset_id LEFT JOIN ({FORCE}) f USING "
        "(asset_id) WHERE a.project_id = :p", p=street,
    )  # fmt: skip
    order = {"red": 0, "yellow": 1, "green": 2}
    raw.sort(key=lambda r: (order[r.colour], -r.difficulty, r.asset_id))
    key, value = next(iter(raw[0].meta.items()))
    for asked, fits in (
        ({}, lambda r: True),
        ({"colour": "yellow"}, lambda r: r.colour == "yellow"),
        ({"label": raw[0].key}, lambda r: r.key == raw[0].key),
        ({"batch_id": raw[0].batch_id}, lambda r: r.batch_id == raw[0].batch_id),
        ({"slice_": (key, str(value))}, lambda r: r.meta.get(key) == value),
        ({"search": raw[0].external_id[-3:]}, lambda r: raw[0].external_id[-3:] in r.external_id),
        ({"search": "%"}, lambda r: "%" in r.external_id),
    ):
        wanted = assets.Hard(project_id=street, **asked)
        found = assets.hard(session, [street], wanted, limit=10, offset=5)
        assert list(found.asset_id) == [r.asset_id for r in raw if fits(r)][5:15], asked
    assert assets.hard(session, [ninety_days.projects["Shop shelves"]],
                       assets.Hard(project_id=street)).empty  # fmt: skip


def test_runs_are_those_of_the_rows(ninety_days, street, session):
    session.execute(text("UPDATE label_score SET outcome = CASE WHEN rank % 3 = 0 THEN 'accepted' "
                         "ELSE 'changed' END WHERE suspect AND rank <= 20"))  # fmt: skip
    found = rescore_runs.runs(session, [street])
    raw = dict(
        rows(session, "SELECT run_id, count(*) FILTER (WHERE suspect) FROM label_score GROUP BY 1")
    )
    assert dict(zip(found.run_id, found.suspects, strict=True)) == raw
    reviewed = found.iloc[0]
    assert reviewed.reviewed == min(20, reviewed.suspects)
    assert reviewed.precision == pytest.approx(reviewed.changed / reviewed.reviewed)
    assert reviewed.precision_low < reviewed.precision < reviewed.precision_high
    kinds = rescore_runs.by_error(session, [street], int(reviewed.run_id))
    assert int(kinds.suspects.sum()) == reviewed.suspects
    assert rescore_runs.runs(session, [ninety_days.projects["Shop shelves"]]).empty


def test_experts_and_studies_are_asked_for_within_what_one_sees(ninety_days, session):
    from dashboards.deeds import DEEDS, Terms
    from ops.errors import NotFound

    lead, stranger = (session.get_one(User, i) for i in (ninety_days.lead, ninety_days.stranger))
    model = ninety_days.models["detector"]
    open_ = text("SELECT f.asset_id FROM consensus f JOIN batch b ON b.id = f.batch_id WHERE "
                 "b.state <> 'delivered' AND b.project_id = :p AND NOT EXISTS (SELECT FROM gold g "
                 "WHERE g.asset_id = f.asset_id) ORDER BY 1 LIMIT 1")  # fmt: skip
    asset = session.scalar(open_, {"p": ninety_days.projects["Street scenes"]})
    for kind, ids in (("asset.experts", [asset]), ("model.errors", [model])):
        with pytest.raises(NotFound):
            DEEDS[kind].do(session, stranger, ids, Terms(None, {}))
        assert DEEDS[kind].foresee(session, lead, ids, Terms(None, {}))
        assert DEEDS[kind].do(session, lead, ids, Terms(None, {}))
    waits = "SELECT count(*) FROM task WHERE asset_id = :a AND stage = 'adjudicate' AND open"
    assert session.scalar(text(waits), {"a": asset}) == 1
    told = (
        "SELECT count(*) FROM audit_entry WHERE action IN ('adjudication.asked', 'study.requested')"
    )
    assert session.scalar(text(told)) == 2
