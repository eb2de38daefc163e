"""Pages of the data at every kind of address: drawn, and nothing of a project one is not in."""

import json

import pytest

from metrics import studies
from ops.models import User
from quality.measures import mapping
from tests.functional.test_dashboards import components, draw

ADDRESSES = (
    ("assets", "project={p}"),
    ("assets", "colour=yellow&page=2"),
    ("assets", "project={p}&slice=light%3Dnight&search=1&class=car"),
    ("assets", "search=%25_%5C&page=99999999999999999999"),
    ("balance", ""),
    ("balance", "project={p}"),
    ("balance", "project={p}&by=colour&newer=days:30&batch=1"),
    ("balance", "project={p}&by=nothing&newer=batch:999999"),
    ("balance", "project={text}"),
    ("map", "by=cluster"),
    ("map", "by=suspect&model=999&like=1"),
    ("map", "project={text}"),
    ("errors", "cause=concept+clarity&sort=overlap"),
    ("errors", "cause=class+frequency&kind=missing"),
    ("errors", "cause=outlier&sort=distance&page=3"),
    ("errors", "cause=none&truth=car&seen=%3Dnothing&iou_from=10&sure_to=nan&slice=light%3Dday"),
    ("errors", "project={text}"),
    ("rescoring", "run=1&with=2"),
    ("rescoring", "project={text}"),
)


@pytest.fixture
def asked(ninety_days, sessions, settings, monkeypatch):
    """The studies of both models, by their jobs."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    monkeypatch.setattr(mapping, "SAMPLE", 30)
    studies.due(sessions)
    for name, kind in (("eye", "map"), ("detector", "errors")):
        studies.run(sessions, ninety_days.models[name], kind)
    return ninety_days


def test_every_address_is_drawn_and_a_stranger_sees_nothing_of_it(asked, session, client_for):
    lead = client_for(session.get_one(User, asked.lead))
    stranger = client_for(session.get_one(User, asked.stranger))
    known = {"p": asked.projects["Street scenes"], "text": asked.projects["News topics"]}
    for page, search in ADDRESSES:
        where = f"/dashboards/{page}", f"?{search.format(**known)}"
        drawn, hidden = draw(lead, *where), draw(stranger, *where)
        assert drawn.status_code == hidden.status_code == 200
        assert "went wrong" not in drawn.text, where
        assert "went wrong" not in hidden.text, where
        shown = [c for c in components(drawn.json) if c["type"] in ("PointMap", "Img", "Tick")]
        foreign = [c for c in components(hidden.json) if c["type"] == "PointMap"]
        assert not foreign, where
        pictures = {c["props"]["src"].split("?")[0] for c in shown if c["type"] == "Img"}
        assert not pictures & set(_sources(hidden.json)), where
    ends = draw(lead, "/dashboards/map", f"?project={known['p']}").json
    points = next(c["props"] for c in components(ends) if c["type"] == "PointMap")
    assert len(points["x"]) == len(points["assets"]) == sum(g["n"] for g in points["groups"])


def _sources(node) -> list[str]:
    found = [c["props"].get("src") for c in components(json.loads(json.dumps(node)))]
    return [src.split("?")[0] for src in found if isinstance(src, str)]
