"""Every page of the dashboards on ninety days of work: drawn, true, readable by everybody.

`LOOKS` holds for each page what to wait for and one headline figure, which is counted again from
raw rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics import alerts, studies
from metrics.definitions import DEFINITIONS
from ops.models import User
from quality.measures import mapping
from tests.browser.test_accessible import faults
from tests.db.test_quality_reads import TRUTH
from tests.history import END, History

pytestmark = pytest.mark.browser

DAYS = 30


@dataclass(frozen=True)
class Look:
    """A page: what it shows once it is drawn, a figure of it, and the same from raw rows.

    `search` is its address behind the question mark, with {project} and other ids by name.
    """

    ready: str
    shown: Callable[[Any], str]
    counted: Callable[[Session, History], str]
    search: str = f"days={DAYS}"


def inner(selector: str) -> Callable[[Any], str]:
    """The text of the first such part."""
    return lambda page: page.locator(selector).first.inner_text().strip()


def figure(key: str) -> Callable[[Any], str]:
    """A big number by its key."""
    return inner(f'[data-figure="{key}"] .dash-value')


def raw(session: Session, statement: str, **values: Any) -> Any:
    """One value from raw rows."""
    return session.scalar(text(statement), values)


# A labeller's day is theirs: the day of an event in the zone they were in then.
OWN_DAY = """
    (e.at AT TIME ZONE coalesce((SELECT p.timezone FROM past_affiliation p
        WHERE p.user_id = e.labeller_id AND e.at < p.until ORDER BY p.until LIMIT 1),
        (SELECT u.timezone FROM user_account u WHERE u.id = e.labeller_id)))::date"""
LAST_DAY = f"""(SELECT greatest(max({OWN_DAY}), DATE '{END:%Y-%m-%d}')
    FROM work_event e WHERE e.project_id = ANY(:projects))"""


def mine(history: History) -> list[int]:
    """The projects of the lead."""
    return [history.projects["Street scenes"], history.projects["News topics"]]


def labels_submitted(session: Session, history: History) -> str:
    statement = f"""
        SELECT count(*) FROM work_event e
        WHERE e.kind = 'submitted' AND e.stage IN ('label', 'rework')
          AND e.project_id = ANY(:projects) AND {OWN_DAY} > {LAST_DAY} - {DAYS}"""
    return f"{raw(session, statement, projects=mine(history)):,}"


def alerts_standing(session: Session, history: History) -> str:
    statement = """
        SELECT count(*) FROM alert_firing WHERE ended_at IS NULL AND project_id = ANY(:projects)"""
    return f"Alerts that stand ({raw(session, statement, projects=mine(history))})"


def label_tasks_in_progress(session: Session, history: History) -> str:
    statement = """
        SELECT count(*) FROM task t JOIN asset a ON a.id = t.asset_id
        WHERE t.stage = 'label' AND t.round > 0 AND t.n_done < t.wanted
          AND a.project_id = ANY(:projects)"""
    return f"{raw(session, statement, projects=mine(history)):,}"


def labels_per_hour(session: Session, history: History) -> str:
    statement = f"""
        SELECT count(*) / (sum((e.data ->> 'active_ms')::float8) / 3600000) FROM work_event e
        WHERE e.kind = 'submitted' AND e.stage IN ('label', 'rework')
          AND e.project_id = ANY(:projects) AND {OWN_DAY} > {LAST_DAY} - {DAYS}"""
    return f"{raw(session, statement, projects=mine(history)):,.1f}"


def gold_and_mistakes(session: Session, history: History) -> str:
    """The share of right answers to gold of one project, and how often a bus was said of a car."""
    gold = f"""
        SELECT avg((judged.data ->> 'correct')::float8) FROM (
            SELECT DISTINCT ON (assignment_id) * FROM work_event WHERE kind = 'gold_scored'
            ORDER BY assignment_id, at DESC, id DESC) judged
        JOIN work_event e ON e.assignment_id = judged.assignment_id AND e.kind = 'submitted'
        WHERE e.project_id = ANY(:projects) AND {OWN_DAY} > {LAST_DAY} - {DAYS}"""
    project = history.projects["Street scenes"]
    share = raw(session, gold, projects=[project])
    until = raw(session, f"SELECT {LAST_DAY} + 1", projects=mine(history))
    mistakes = f"""
        SELECT count(*) FROM ({TRUTH}) told WHERE truth = 'car' AND said = 'bus'"""
    since = until - timedelta(days=DAYS)
    n = raw(session, mistakes, project=project, since=since, until=until)
    return f"{100 * share:.1f} %, Said BUS where CAR is right: {n:,} answers"


def people_at_work(session: Session, history: History) -> str:
    statement = f"""
        SELECT count(DISTINCT (e.labeller_id, e.project_id)) FROM work_event e
        WHERE e.kind IN ('submitted', 'surplus', 'skipped') AND e.stage IN ('label', 'rework')
          AND e.project_id = ANY(:projects) AND {OWN_DAY} > {LAST_DAY} - {DAYS}"""
    return f"{raw(session, statement, projects=mine(history))} labellers"


def labels_of_one(session: Session, history: History) -> str:
    statement = f"""
        SELECT count(*) FROM work_event e
        WHERE e.kind = 'submitted' AND e.stage IN ('label', 'rework') AND e.labeller_id = :who
          AND e.project_id = ANY(:projects) AND {OWN_DAY} > {LAST_DAY} - {DAYS}"""
    who = history.labellers[0]
    return f"{raw(session, statement, projects=mine(history), who=who):,}"


def gold_in_work(session: Session, history: History) -> str:
    statement = "SELECT count(*) FROM gold WHERE state = 'active' AND project_id = :project"
    return f"{raw(session, statement, project=history.projects['Street scenes']):,}"


IN_FORCE = """(SELECT DISTINCT ON (asset_id) asset_id, label FROM consensus
    ORDER BY asset_id, version DESC) force"""


def red_assets(session: Session, history: History) -> str:
    statement = "SELECT count(*) FROM asset_difficulty WHERE colour = 'red' AND project_id = :p"
    return f"Red: hard ({raw(session, statement, p=history.projects['Street scenes']):,})"


def labelled_assets(session: Session, history: History) -> str:
    statement = f"""
        SELECT count(*) FROM {IN_FORCE} JOIN asset a ON a.id = asset_id WHERE project_id = :p"""
    return f"{raw(session, statement, p=history.projects['Street scenes']):,}"


def embedded_assets(session: Session, history: History) -> str:
    statement = "SELECT count(*) FROM embedding WHERE model_id = :m"
    return f"Map of {raw(session, statement, m=history.models['eye']):,} assets by class"


def errors_of_the_model(session: Session, history: History) -> str:
    statement = f"""
        SELECT count(*) FROM prediction p JOIN {IN_FORCE} USING (asset_id)
        WHERE p.model_id = :m AND p.label ->> 'class' <> force.label ->> 'class'"""
    return f"{raw(session, statement, m=history.models['detector']):,}"


def suspects(session: Session, history: History) -> str:
    statement = "SELECT count(*) FROM label_score WHERE suspect AND run_id = ANY(:runs)"
    return f"{raw(session, statement, runs=history.runs):,}"


def open_batches(session: Session, history: History) -> str:
    statement = "SELECT count(*) FROM batch WHERE state = 'open' AND project_id = ANY(:projects)"
    return f"{raw(session, statement, projects=mine(history))} open batches"


LOOKS: dict[str, Look] = {
    "/dashboards/assets": Look(
        ".dash-shot img",
        inner('[aria-label="Colour"] a:nth-of-type(2)'),
        red_assets,
        "project={project}",
    ),
    "/dashboards/balance": Look(
        ".dash-twins img", figure("labelled"), labelled_assets, "project={project}"
    ),
    "/dashboards/map": Look(".dash-map canvas", inner(".card-title"), embedded_assets),
    "/dashboards/errors": Look(".dash-shot img", figure("errors"), errors_of_the_model),
    "/dashboards/rescoring": Look(".dash-counts", figure("suspects"), suspects),
    "/dashboards/": Look(".js-plotly-plot .bars .point", figure("labels"), labels_submitted),
    "/dashboards/line": Look(
        ".js-plotly-plot .scatterlayer .js-line",
        inner('.dash-stage[data-stage="label"] .dash-value'),
        label_tasks_in_progress,
    ),
    "/dashboards/efficiency": Look(
        ".js-plotly-plot .barlayer .point", figure("efficiency"), labels_per_hour
    ),
    "/dashboards/quality": Look(
        "#mistakes .dash-asset img",
        lambda page: ", ".join([figure("gold")(page), inner("#mistakes .card-title")(page)]),
        gold_and_mistakes,
        f"days={DAYS}&project={{project}}&truth=car&said=bus",
    ),
    "/dashboards/labellers": Look(
        ".js-plotly-plot .scatterlayer .point",
        inner(".dash-table-head .dash-quiet"),
        people_at_work,
    ),
    "/dashboards/labeller": Look(
        ".js-plotly-plot .scatterlayer .point",
        figure("labels"),
        labels_of_one,
        f"days={DAYS}&labeller={{labeller}}",
    ),
    "/dashboards/gold": Look('[aria-label="labellers"] .ag-row', figure("active"), gold_in_work),
    "/dashboards/definitions": Look(
        ".dash-definitions article",
        lambda page: str(page.locator(".dash-definitions article").count()),
        lambda _session, _history: str(len(DEFINITIONS)),
    ),
    "/dashboards/throughput": Look(
        ".js-plotly-plot .heatmaplayer .hm",
        figure("labels"),
        labels_submitted,
        f"days={DAYS}&by=team&compare=before",
    ),
    "/dashboards/forecast": Look(".ag-row", inner(".dash-table-head span"), open_batches),
    "/dashboards/alerts": Look(".dash-people li", inner(".dash-body h2"), alerts_standing),
}


@pytest.fixture
def studied(ninety_days: History, sessions, settings, monkeypatch) -> None:
    """The map and the errors of the models, by their jobs; few points are laid out."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    monkeypatch.setattr(mapping, "SAMPLE", 60)
    studies.due(sessions)
    for name, kind in (("eye", "map"), ("detector", "errors")):
        studies.run(sessions, ninety_days.models[name], kind)


@pytest.mark.usefixtures("studied")
def test_every_page_is_drawn_true_and_readable(ninety_days: History, session, sessions, browse):
    from dashboards.pages import PAGES

    alerts.look(sessions)
    page = browse(session.get(User, ninety_days.lead), reduced_motion="reduce")
    page.set_default_timeout(30_000)
    wrong: dict[str, Any] = {}
    for one in PAGES:
        look = LOOKS[one.PATH]
        search = look.search.format(project=ninety_days.projects["Street scenes"],
                                    labeller=ninety_days.labellers[0])  # fmt: skip
        page.goto(f"{one.PATH}?{search}")
        page.wait_for_selector(look.ready)
        page.wait_for_load_state("networkidle")
        shown, expected = look.shown(page), look.counted(session, ninety_days)
        session.rollback()  # nothing is held open while the next page is drawn
        if shown != expected:
            wrong[one.PATH] = (shown, expected)
        if found := faults(page):
            wrong[f"{one.PATH} by axe"] = found
        for width in (390, 1366):
            page.set_viewport_size({"width": width, "height": 800})
            if over := _too_wide(page):
                wrong[f"{one.PATH} is too wide for {width} px"] = over
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def _too_wide(page: Any) -> int:
    """By how many px the page is wider than the screen, once its charts have followed."""
    over = 0
    for _ in range(50):
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if over <= 1:
            return 0
        page.wait_for_timeout(100)
    return over
