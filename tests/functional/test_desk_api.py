"""The desk over HTTP: everything a browser or a simulated labeller does."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ops import guidelines, tokens
from quality import gold
from quality.models import Standing
from scheduling.models import GoldPace

KEY = "0123456789abcdef"
DESK = "/api/v1/desk"


def _next(client: Any, **body: Any) -> dict[str, Any]:
    answer = client.post(f"{DESK}/next", json={"tab": "t1", **body})
    assert answer.status_code == 200, answer.text
    return answer.json


def _submit(client: Any, work: dict[str, Any], **more: Any) -> Any:
    body = {"label": {"class": "a"}, "key": KEY, "revision": 0, "tab": "t1", "active_ms": 0}
    return client.post(f"{DESK}/{work['token']}/submit", json=body | more)


def test_work_goes_out_and_comes_back(client_for: Any, make: Any) -> None:
    floor = make.floor(assets=2)
    client = client_for(floor.labellers[0])

    first = _next(client)["work"]
    assert first["stage"] == "label"
    assert first["text"] == "text 0"
    assert _submit(client, first).json == {"accepted": True, "revision": 1}
    assert _submit(client, first).json == {"accepted": True, "revision": 1}
    assert _submit(client, first, key="another-key").status_code == 409

    second = _next(client)["work"]
    assert second["text"] == "text 1"
    assert _submit(client, second, key="second-key").status_code == 200

    nothing = _next(client)
    assert nothing["work"] is None
    assert nothing["empty"]["reason"].startswith("All done")
    assert nothing["empty"]["next_free_at"] is None


def test_work_says_no_more_than_it_must(client_for: Any, make: Any) -> None:
    floor = make.floor()
    work = _next(client_for(floor.labellers[0]))["work"]
    assert set(work) == {
        "token", "stage", "brief", "medium", "label_type", "image", "text", "pair", "answers",
        "current", "judged", "remarks", "earlier", "earlier_label", "may_send_back", "expires_at",
        "revision", "proposal", "draft",
    }  # fmt: skip
    uuid.UUID(work["token"])
    empty = ("answers", "current", "judged", "image", "pair", "remarks", "earlier", "earlier_label")
    assert {work[name] for name in (*empty, "proposal", "draft")} == {None}
    assert (work["may_send_back"], work["revision"]) == (False, 0)


@pytest.mark.parametrize(
    ("label_type", "meta", "pair"),
    [
        ("preference", {"a": "one", "b": "two", "gold": "a"}, {"a": "one", "b": "two"}),
        ("preference", {"a": "one", "b": 2}, None),
        ("preference", {"a": "one"}, None),
        ("class", {"a": "one", "b": "two"}, None),
    ],
)
def test_of_the_metadata_only_a_pair_to_choose_between_is_told(
    client_for: Any, make: Any, label_type: str, meta: dict[str, Any], pair: dict[str, str] | None
) -> None:
    floor = make.floor(assets=0, label_type=label_type)
    floor.assets = make.assets(floor.batch, 1, meta=meta)
    make.tasks(floor.lane, floor.assets)
    make.session.commit()
    assert _next(client_for(floor.labellers[0]))["work"]["pair"] == pair


def test_prefetch_reload_and_full_hands(client_for: Any, make: Any) -> None:
    floor = make.floor(assets=4)
    client = client_for(floor.labellers[0])
    first = _next(client, exclude=[])["work"]
    client.post(f"{DESK}/{first['token']}/shown", json={"tab": "t1"})
    second = _next(client, exclude=[first["token"]])["work"]
    assert second["token"] != first["token"]
    assert _next(client)["work"]["token"] == first["token"]
    full = _next(client, exclude=[first["token"], second["token"]])
    assert full["work"] is None
    assert "Submit or release" in full["empty"]["reason"]


def test_the_brief(client_for: Any, make: Any, session: Any) -> None:
    floor = make.floor()
    guidelines.publish(session, floor.project, "# Look *closely*\n<script>x</script>", None)
    client = client_for(floor.labellers[0])
    work = _next(client)["work"]
    brief = client.get(f"{DESK}/{work['token']}/brief").json
    assert brief["brief"] == work["brief"]
    assert [c["key"] for c in brief["classes"]] == ["a", "b", "c"]
    assert brief["project"]["id"] == floor.project.id
    assert brief["guideline"]["version"] == 1
    assert "<em>closely</em>" in brief["guideline"]["html"]
    assert "<script>" not in brief["guideline"]["html"]
    assert brief["idle_seconds"] == 60
    assert {r["key"] for r in brief["skip_reasons"]} >= {"unclear", "broken", "other"}

    guidelines.publish(session, floor.project, "another", None)
    session.commit()
    assert _next(client, exclude=[])["work"]["brief"] != work["brief"]


def test_times_and_tabs(client_for: Any, make: Any) -> None:
    floor = make.floor()
    client = client_for(floor.labellers[0])
    path = f"{DESK}/{_next(client)['work']['token']}"
    assert set(client.post(f"{path}/shown", json={"tab": "t1"}).json) == {"expires_at"}
    beat = {"tab": "t1", "beat": 1, "active_ms": 5000}
    answer = client.post(f"{path}/heartbeat", json=beat).json
    assert answer["mine"] is True
    assert answer["active_ms"] < 5000  # no more than the wall time
    other = client.post(f"{path}/heartbeat", json=beat | {"tab": "t2"}).json
    assert other["mine"] is False


def test_skip_and_release(client_for: Any, make: Any) -> None:
    floor = make.floor(assets=2)
    client = client_for(floor.labellers[0])
    first = _next(client)["work"]
    answer = client.post(f"{DESK}/{first['token']}/skip", json={"reason": "unclear"})
    assert answer.json == {"accepted": True}
    bad = client.post(f"{DESK}/{_next(client)['work']['token']}/skip", json={"reason": "bored"})
    assert bad.status_code == 422
    assert bad.json["errors"][0]["field"] == "reason"
    second = _next(client, exclude=[])["work"]
    assert client.post(f"{DESK}/{second['token']}/release", json={}).json == {"accepted": True}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": {"class": "z"}}, "class"),
        ({"active_ms": 1.5}, "active_ms"),
        ({"active_ms": -1}, "active_ms"),
        ({"revision": "0"}, "revision"),
        ({"more": 1}, "more"),
        ({"key": "short"}, "key"),
    ],
)
def test_bad_input_is_named(client_for: Any, make: Any, change: Any, field: str) -> None:
    floor = make.floor()
    client = client_for(floor.labellers[0])
    answer = _submit(client, _next(client)["work"], **change)
    assert answer.status_code == 422
    assert field in answer.text


def test_a_stale_revision_is_refused(client_for: Any, make: Any) -> None:
    floor = make.floor()
    client = client_for(floor.labellers[0])
    answer = _submit(client, _next(client)["work"], revision=1)
    assert (answer.status_code, answer.json["title"]) == (409, "Stale")


def test_foreign_and_unknown_tokens_are_not_found(client_for: Any, make: Any) -> None:
    floor = make.floor(labellers=2)
    work = _next(client_for(floor.labellers[0]))["work"]
    other = client_for(floor.labellers[1])
    for token in (work["token"], uuid.uuid4(), "nonsense"):
        for what in ("brief", "medium"):
            assert other.get(f"{DESK}/{token}/{what}").status_code == 404
        for what, body in (
            ("shown", {"tab": "t"}),
            ("heartbeat", {"tab": "t", "beat": 1, "active_ms": 0}),
            ("skip", {"reason": "other"}),
            ("release", {}),
        ):
            answer = other.post(f"{DESK}/{token}/{what}", json=body)
            assert answer.status_code == 404, (what, answer.text)
        assert _submit(other, {"token": token}).status_code == 404


def test_who_left_the_project_sees_no_more_of_it(client_for: Any, make: Any, session: Any) -> None:
    from ops import projects

    floor = make.floor(labellers=1)
    client = client_for(floor.labellers[0])
    work = _next(client)["work"]
    projects.remove_member(session, floor.project, floor.labellers[0], by=make.user(role="admin"))
    session.commit()
    assert client.get(f"{DESK}/{work['token']}/brief").status_code == 404
    assert _submit(client, work).status_code == 200  # the work itself is not lost


@pytest.mark.parametrize("role", ["admin", "ops_lead", "onboarding_manager", "client"])
def test_only_workers_have_a_desk(client_for: Any, role: str) -> None:
    client = client_for(role)
    assert client.post(f"{DESK}/next", json={"tab": "t"}).status_code == 403
    assert client.get(f"{DESK}/me").status_code == 403


def test_a_project_one_may_not_see(client_for: Any, make: Any) -> None:
    floor, other = make.floor(), make.floor()
    client = client_for(floor.labellers[0])
    answer = client.post(f"{DESK}/next", json={"tab": "t", "project": other.project.id})
    assert answer.status_code == 404


def test_a_review_shows_what_was_said_without_names(
    client_for: Any, make: Any, session: Any
) -> None:
    from ops import consensus

    floor = make.floor(labellers=2, assets=1, wanted=2)
    for who, said in zip(floor.labellers, "ab", strict=True):
        client = client_for(who)
        _submit(client, _next(client)["work"], label={"class": said})
    make.tasks(make.lane(floor.batch, "review"), floor.assets)
    consensus.append(
        session, asset_id=floor.assets[0].id, batch_id=floor.batch.id, method="majority",
        label={"class": "b"}, probability=0.6, answers=2, agreement=0.5, posterior={},
    )  # fmt: skip
    judge = client_for(make.member(floor.project, make.user(role="expert")))
    work = _next(judge)["work"]
    assert work["stage"] == "review"
    said = [(one["class"], one["count"], one["label"]) for one in work["answers"]]
    assert said == [("a", 1, None), ("b", 1, None)]
    assert work["current"] == "b"
    done = _submit(judge, work, label={"class": "a", "verdict": "fix", "remark": "look again"})
    assert done.status_code == 200


def test_me(client_for: Any, make: Any, session: Any) -> None:
    floor = make.floor(assets=2)
    me = floor.labellers[0]
    make.certificate(me, floor.project.skill, level=2)
    at = floor.project.created_at
    known = {"mean": 0.5, "low": 0.1, "high": 0.9, "updated_at": at}
    shown = {"shown_mean": 0.8, "shown_low": 0.7, "shown_high": 0.9, "shown_n": 12, "shown_at": at}
    session.add(Standing(labeller_id=me.id, skill_id=floor.project.skill_id, **known, **shown))
    client = client_for(me)
    _submit(client, _next(client)["work"])
    client.post(f"{DESK}/{_next(client)['work']['token']}/skip", json={"reason": "other"})
    answer = client.get(f"{DESK}/me").json
    assert (answer["today"]["submitted"], answer["today"]["skipped"]) == (1, 1)
    assert answer["standing"][0]["mean"] == 0.8  # what is shown, not what is believed now
    assert answer["standing"][0]["n"] == 12
    assert [p["id"] for p in answer["projects"]] == [floor.project.id]
    assert answer["certificates"][0]["level"] == 2


@pytest.fixture
def pictures(make: Any, settings: Any, session: Any) -> Any:
    """A floor of two images, the second of which is gold and due."""
    floor = make.floor(assets=0, medium="image", settings={"max_leases": 3})
    Path(settings.media).mkdir(parents=True)
    for n in range(3):
        path = Path(settings.media) / f"secret-name-{n}.png"
        Image.new("RGB", (8 + n, 8), (n, 0, 0)).save(path)
        asset = make.assets(floor.batch, 1, text=None, uri=str(path))[0]
        if n < 2:
            make.tasks(floor.lane, [asset])
        else:
            made = gold.make(session, floor.project, asset, [{"class": "a"}], None)
    next_is = {"until_next": 1, "gold_id": made.id, "gap_after": 5}
    me = floor.labellers[0].id
    session.add(GoldPace(labeller_id=me, project_id=floor.project.id, **next_is))
    return floor


def test_gold_looks_like_work(
    client_for: Any, pictures: Any, session: Any, monkeypatch: Any, settings: Any
) -> None:
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    client = client_for(pictures.labellers[0])
    seen = []
    for _ in range(2):
        work = _next(client)["work"]
        medium = client.get(work["image"])
        assert medium.status_code == 200, medium.text
        done = _submit(client, work, key=f"key-{work['token']}"[:60])
        seen.append((work, medium, done))
    from sqlalchemy import text

    counts = session.execute(text("SELECT counts FROM assignment ORDER BY id")).scalars().all()
    assert counts == [True, False]
    (work, medium, done), (hidden, hidden_medium, hidden_done) = seen
    unlike = ("token", "image", "expires_at")
    assert {k: v for k, v in work.items() if k not in unlike} == {
        k: v for k, v in hidden.items() if k not in unlike
    }
    assert done.json == hidden_done.json
    for answer in (medium, hidden_medium):
        names = {name.lower() for name, _ in answer.headers}
        assert not names & {"etag", "last-modified", "content-disposition", "accept-ranges"}
        assert "secret-name" not in str(answer.headers)
    # Pictures differ in size; the cookie of the session names the second.
    same, hidden_same = (
        {k: v for k, v in one.headers.items() if k not in ("Content-Length", "Set-Cookie")}
        for one in (medium, hidden_medium)
    )
    assert same == hidden_same
    assert set(medium.headers.keys()) == set(hidden_medium.headers.keys())
    assert set(done.headers.keys()) == set(hidden_done.headers.keys())


def test_a_token_of_a_machine_works_like_a_browser(app: Any, make: Any, session: Any) -> None:
    floor = make.floor(assets=1)
    secret = tokens.create(session, floor.labellers[0], "simulated", ["read", "write"])
    session.commit()
    http = app.test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    work = http.post(f"{DESK}/next", json={"tab": "t"}, headers=headers).json["work"]
    said = {"label": {"class": "a"}, "key": KEY, "revision": 0, "tab": "t", "active_ms": 0}
    done = http.post(f"{DESK}/{work['token']}/submit", json=said, headers=headers)
    assert done.json == {"accepted": True, "revision": 1}
    assert http.post(f"{DESK}/next", json={"tab": "t"}).status_code in (400, 401)


def test_few_statements(app: Any, make: Any, session: Any, count_queries: list[str]) -> None:
    """next and submit: one for who asks, then the desk; no query per lane, task or field."""
    floor = make.floor(assets=6, settings={"max_leases": 5})
    secret = tokens.create(session, floor.labellers[0], "simulated", ["read", "write"])
    session.commit()
    http, headers = app.test_client(), {"Authorization": f"Bearer {secret}"}
    for n in range(3):  # the first draws the pace of gold
        count_queries.clear()
        work = http.post(f"{DESK}/next", json={"tab": "t"}, headers=headers).json["work"]
        asked = len(count_queries)
        said = {"label": {"class": "a"}, "key": f"{KEY}{n}", "revision": 0, "tab": "t"}
        count_queries.clear()
        http.post(f"{DESK}/{work['token']}/submit", json=said | {"active_ms": 0}, headers=headers)
        answered = len(count_queries)
    assert asked <= 6, asked
    assert answered <= 5, answered
