"""The line, efficiency and cost, definitions: what pages show is what raw SQL says."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from metrics.definitions import DEFINITIONS, TIME_RESOLUTION
from ops import clock_time
from ops.models import User
from tests.functional.test_dashboards import UPDATE, components, draw, figure
from tests.history import History

LINE, EFFICIENCY = "/dashboards/line", "/dashboards/efficiency"


def whole(**more: Any) -> str:
    """A period that holds all of the history."""
    today = clock_time.now().date()
    given = {"since": today - timedelta(days=200), "until": today, **more}
    return "?" + "&".join(f"{name}={value}" for name, value in given.items())


def words(node: Any) -> str:
    """The text of a drawn part."""
    if isinstance(node, list):
        return "".join(words(child) for child in node)
    if isinstance(node, dict):
        return words(node.get("props", {}).get("children"))
    return "" if node is None else str(node)


def rows(answer: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a table of the page."""
    return next(
        part["props"]["rowData"]
        for part in components(answer.json)
        if part["props"].get("id") == {"name": name, "part": "grid"}
    )


@pytest.fixture
def projects(ninety_days: History) -> list[int]:
    return [ninety_days.projects[name] for name in ("Street scenes", "News topics")]


IN_PROGRESS = """
    SELECT t.stage, count(*) FILTER (WHERE t.n_done < t.wanted) AS wip,
           count(*) FILTER (WHERE t.n_done >= t.wanted) AS finished, count(*) AS arrived
    FROM task t JOIN asset a ON a.id = t.asset_id
    WHERE a.project_id = ANY(:projects) AND t.round > 0 AND t.wanted > 0 GROUP BY 1"""
TIMES = """
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM last - first)) FROM (
        SELECT min(x.leased_at) AS first, max(x.ended_at) FILTER (WHERE x.counts) AS last
        FROM task t JOIN assignment x ON x.task_id = t.id JOIN asset a ON a.id = t.asset_id
        WHERE t.stage = 'label' AND t.round > 0 AND t.n_done >= t.wanted
          AND a.project_id = ANY(:projects) AND x.state IN ('leased', 'submitted', 'skipped')
        GROUP BY t.id) done"""
LOOKED = """
    SELECT count(*) AS n, count(*) FILTER (WHERE l.payload ->> 'verdict' = 'accept') AS passed
    FROM task t JOIN asset a ON a.id = t.asset_id JOIN assignment x ON x.task_id = t.id
    JOIN label l ON l.assignment_id = x.id
    WHERE t.stage = 'review' AND t.n_done > 0 AND a.project_id = ANY(:projects)
      AND x.state = 'submitted'"""
WORK = """
    SELECT stage, count(*) AS n, sum((data ->> 'active_ms')::float8) / 3600000 AS hours
    FROM work_event WHERE kind IN ('submitted', 'surplus') AND project_id = ANY(:projects)
    GROUP BY stage"""
ACCEPTED = """
    SELECT avg(correct) FROM (
        SELECT DISTINCT ON (assignment_id) (data ->> 'correct')::float8 AS correct FROM work_event
        WHERE kind = 'reviewed' AND stage = 'label' AND project_id = ANY(:projects)
        ORDER BY assignment_id, at DESC, id DESC) newest"""


def test_the_line_shows_what_raw_sql_says(ninety_days: History, session, client_for, projects):
    lead = client_for(session.get(User, ninety_days.lead))
    page = draw(lead, LINE, whole())
    known = {row.stage: row for row in session.execute(text(IN_PROGRESS), {"projects": projects})}
    boxes = {
        part["props"]["data-stage"]: part["props"]
        for part in components(page.json)
        if part["props"].get("data-stage")
    }
    assert list(boxes) == ["label", "review", "rework", "adjudicate"]
    table = {row["stage"]: row for row in rows(page, "line-stages")}
    for stage, box in boxes.items():
        wip = known[stage].wip if stage in known else 0
        assert box["data-wip"] == str(wip) and f"{wip:,} in progress" in words(box["children"])
        for name in ("arrived", "finished"):
            assert table[stage][name] == (getattr(known[stage], name) if stage in known else 0)
    assert known["label"].wip > 100
    took = session.scalar(text(TIMES), {"projects": projects})
    assert table["label"]["cycle"] == pytest.approx(float(took) / 3600, rel=TIME_RESOLUTION + 1e-3)
    seen = session.execute(text(LOOKED), {"projects": projects}).one()
    assert table["label"]["passed"] == pytest.approx(seen.passed / seen.n)
    assert table["label"]["passed_n"] == seen.n > 100
    assert table["adjudicate"]["passed"] is None
    charts = [p["props"]["figure"]["data"] for p in components(page.json) if p["type"] == "Graph"]
    assert charts[0][0]["y"][-1] == sum(row.finished for row in known.values())
    assert charts[0][1]["y"][-1] == sum(row.arrived for row in known.values())
    assert figure(page, "rolled_yield") == f"{100 * seen.passed / seen.n:.1f} %"
    back = known["rework"].arrived / known["label"].finished
    assert figure(page, "rework_rate") == f"{100 * back:.1f} %"
    assert figure(page, "consistency") == "undefined"
    # Days before there was a line are none of its days.
    days = re.search(
        r"the pace of (\d+) whole days", words(page.json["response"]["page"]["children"])
    )
    assert days and 80 <= int(days[1]) <= 91
    oldest = rows(page, "line-oldest")
    assert oldest and oldest == sorted(oldest, key=lambda row: row["arrived"])
    # Who leads another project sees that one's line and nothing of these.
    other = draw(client_for(session.get(User, ninety_days.stranger)), LINE, whole())
    assert {row["project"] for row in rows(other, "line-oldest")} <= {"Shop shelves"}


def test_efficiency_and_cost_are_what_raw_sql_says(
    ninety_days: History, session, client_for, projects
):
    lead = client_for(session.get(User, ninety_days.lead))
    page = draw(lead, EFFICIENCY, whole())
    work = {row.stage: row for row in session.execute(text(WORK), {"projects": projects})}
    made = [work[stage] for stage in ("label", "rework")]
    hours = sum(row.hours for row in made)
    assert figure(page, "efficiency") == f"{sum(row.n for row in made) / hours:,.1f}"
    reviewed = draw(lead, EFFICIENCY, whole(stage="review"))
    assert figure(reviewed, "efficiency") == f"{work['review'].n / work['review'].hours:,.1f}"
    assert figure(reviewed, "cost_per_label") == figure(page, "cost_per_label")
    # One project: what a label costs there, and an accepted one.
    street = ninety_days.projects["Street scenes"]
    one = draw(lead, EFFICIENCY, whole(project=street, by="labeller"))
    found = {row.stage: row for row in session.execute(text(WORK), {"projects": [street]})}
    accepted = session.scalar(text(ACCEPTED), {"projects": [street]})
    (row,) = rows(one, "costs")
    spent = sum(stage.hours for stage in found.values()) * 14
    assert row["spent"] == pytest.approx(spent, rel=1e-6)
    assert row["labels"] == found["label"].n
    assert row["per_accepted"] == pytest.approx(spent / found["label"].n / accepted, rel=1e-6)
    assert row["per_accepted_low"] < row["per_accepted"] < row["per_accepted_high"]
    assert figure(one, "cost_per_accepted_label") == f"{row['per_accepted']:,.3f}"
    people = rows(one, "efficiency by labeller")
    assert sum(r["labels"] for r in people) == found["label"].n + found["rework"].n
    assert {r["name"] for r in people} <= {
        session.get(User, number).name for number in ninety_days.labellers
    }
    for by in ("project", "team", "vendor", "stage", "class"):
        shown = rows(draw(lead, EFFICIENCY, whole(by=by, compare="before")), f"efficiency by {by}")
        assert all(r["efficiency"] is None or r["efficiency"] > 0 for r in shown) and shown


def test_definitions_are_all_there_and_are_found_by_a_word(ninety_days, session, client_for):
    lead = client_for(session.get(User, ninety_days.lead))
    page = draw(lead, "/dashboards/definitions", "?of=gold")
    shown = [p["props"].get("id") for p in components(page.json) if p["type"] == "Article"]
    assert shown[0] == "asked-gold"
    assert set(shown[1:]) == {one.key for one in DEFINITIONS}
    asked = {
        "output": "definitions.children",
        "outputs": {"id": "definitions", "property": "children"},
        "inputs": [{"id": "find-definition", "property": "value", "value": "little bottleneck"}],
        "changedPropIds": ["find-definition.value"],
    }
    found = components(lead.post(UPDATE, json=asked).json)
    assert [p["props"]["id"] for p in found if p["type"] == "Article"] == ["bottleneck"]
