"""What makes work hard, and how labellers change: slices, parts of a difficulty, signals.

Everything is read from small tables that the fit of times keeps; unknown numbers are NaN.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from metrics.reads.sums import Scope, frame
from ops.models import Asset, Project, User
from quality import flag_words
from quality.measures.slices import Slice
from quality.models import AssetDifficulty, LabellerPace, SliceDifficulty, TimingFit

if TYPE_CHECKING:
    from pandas import DataFrame

NAN = float("nan")
SLICE_COLUMNS = (
    "dimension", "value", "title", "assets", "answers", "judged", "time_ratio", "time_low",
    "time_high", "wrong_ratio", "wrong_low", "wrong_high", "colour", "reason", "at",
)  # fmt: skip
# signal: what it is called, and its unit; of accuracy in percentage points.
SIGNALS = {
    "learning": ("Time with every doubling of experience", "×"),
    "learning.accuracy": ("Accuracy with every doubling of experience", "points"),
    "slowing": ("Time with every week", "×"),
    "slowing.accuracy": ("Accuracy with every week", "points"),
    "fatigue": ("Time with every hour of a shift", "×"),
    "fatigue.accuracy": ("Accuracy with every hour of a shift", "points"),
    "copies": ("Unusual answers that one other labeller gave too", "share"),
}
PARTS = {
    "usual": "As the usual asset",
    "class": "Its class",
    "time": "Time",
    "disagreement": "Disagreement",
    "skips": "Skips",
    "questions": "Questions",
    "gold": "Gold missed",
}
_worst = case({"red": 0, "yellow": 1}, value=SliceDifficulty.colour, else_=2)


def slices(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """Classes and values of metadata beside the rest of the project: red before yellow before
    green, the largest ratio first. One statement.

    dimension ("class" or "meta.<field>"), value, title (in words), assets, answers (timed), judged,
    time_ratio, time_low, time_high, wrong_ratio, wrong_low, wrong_high, colour, reason, at.
    """
    statement = (
        select(SliceDifficulty)
        .where(SliceDifficulty.project_id == project_id, SliceDifficulty.project_id.in_(scope))
        .order_by(_worst, SliceDifficulty.dimension, SliceDifficulty.value)
    )
    found = list(session.scalars(statement))
    order = ("red", "yellow", "green")
    found.sort(key=lambda row: (order.index(row.colour), -_largest(row)))
    return _table([_slice(row) for row in found], SLICE_COLUMNS)


def _largest(row: SliceDifficulty) -> float:
    return max(row.time_ratio or 0.0, row.wrong_ratio or 0.0)


def _slice(row: SliceDifficulty) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in SLICE_COLUMNS if name != "title"}
    known = {
        name: NAN if value is None and "_" in name else value for name, value in values.items()
    }
    return known | {"title": Slice(row.dimension, row.value, ()).title}  # type: ignore[arg-type]


def signals(
    session: Session,
    scope: Scope,
    project_id: int | None = None,
    labeller_id: int | None = None,
) -> "DataFrame":
    """Signals of labellers, a row for each labeller, project and signal. One statement.

    labeller_id, labeller, project_id, project, answers, signal (see SIGNALS), title, value, low,
    high, n, unit, said (a sentence), at, more (what else is known, as a dictionary).
    """
    statement = (
        select(LabellerPace, User.name, Project.name)
        .join(User, User.id == LabellerPace.labeller_id)
        .join(Project, Project.id == LabellerPace.project_id)
        .where(LabellerPace.project_id.in_(scope))
        .order_by(User.name, User.id, Project.name, Project.id)
    )
    if project_id is not None:
        statement = statement.where(LabellerPace.project_id == project_id)
    if labeller_id is not None:
        statement = statement.where(LabellerPace.labeller_id == labeller_id)
    rows = []
    for pace, labeller, project in session.execute(statement):
        who = {
            "labeller_id": pace.labeller_id, "labeller": labeller, "project_id": pace.project_id,
            "project": project, "answers": pace.answers, "at": pace.at,
        }  # fmt: skip
        rows += [who | told for told in _signals(pace.signals)]
    columns = (
        "labeller_id", "labeller", "project_id", "project", "answers", "signal", "title", "value",
        "low", "high", "n", "unit", "said", "at", "more",
    )  # fmt: skip
    return _table(rows, columns)


def _signals(held: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for signal, (title, unit) in SIGNALS.items():
        name, _, part = signal.partition(".")
        told = held.get(name, {})
        told = told.get(part) if part else told
        if not told or "value" not in told:
            continue
        scale = 100.0 if unit == "points" else 1.0
        found.append({
            "signal": signal, "title": title, "unit": unit, "n": told["n"],
            **{side: scale * told[side] for side in ("value", "low", "high")},
            "said": _said(signal, told), "more": told,
        })  # fmt: skip
    return found


def _said(signal: str, told: dict[str, Any]) -> str:
    if signal == "copies":
        return flag_words.alike(told)
    behind = f"n = {told['n']:,}"
    value, low, high = (told[side] for side in ("value", "low", "high"))
    title = SIGNALS[signal][0]
    if signal.endswith(".accuracy"):
        value, low, high = 100 * value, 100 * low, 100 * high
        return f"{title}: {value:+.1f} points (95 %: {low:+.1f} to {high:+.1f}; {behind})."
    turned = ""
    if "turn" in told:
        turned = f" Most of it since {datetime.fromtimestamp(told['turn'], UTC):%Y-%m-%d}."
    return f"{title}: {value:.2f} × (95 %: {low:.2f} to {high:.2f}; {behind}).{turned}"


def difficulty_parts(session: Session, scope: Scope, asset_id: int) -> "DataFrame":
    """Of what the difficulty of one asset is made, in its order; empty where it was not judged.

    part, title, value (as it was measured; NaN unknown), unit, contribution (how much of the
    difficulty, from 0 to 1, it adds or takes), said. One statement.
    """
    statement = (
        select(AssetDifficulty.parts)
        .join(Asset, Asset.id == AssetDifficulty.asset_id)
        .where(AssetDifficulty.asset_id == asset_id, Asset.project_id.in_(scope))
    )
    held = session.scalar(statement)
    columns = ("part", "title", "value", "unit", "contribution", "said")
    return _table([] if held is None else parts_of(held), columns)


def parts_of(held: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of `difficulty_parts` from what is stored of an asset (`AssetDifficulty.parts`)."""
    made = held.get("contributions", {})
    measured = {
        "time": (held.get("seconds", NAN), "s", _of_time(held)),
        "disagreement": (
            held.get("disagreement", NAN), "answers",
            f"{held.get('disagreement', 0)} of {held.get('answers', 0)} differ from the most "
            f"frequent answer; about {held.get('expected', 0):.1f} would be usual",
        ),
        "skips": (held.get("skips", NAN), "people", f"{held.get('skips', 0)} skipped it"),
        "questions": (
            held.get("questions", NAN), "people",
            f"{held.get('questions', 0)} asked a question about it",
        ),
        "gold": (
            held.get("gold_missed", NAN), "answers",
            f"{held['gold_missed']:g} of {held['gold_answers']} missed the known answer"
            if "gold_answers" in held else "no known answer",
        ),
    }  # fmt: skip
    rows = []
    for part, title in PARTS.items():
        value, unit, said = measured.get(part, (NAN, "", ""))
        if part in measured or part in made:
            rows.append({
                "part": part, "title": title, "value": float(value), "unit": unit,
                "contribution": float(made.get(part, NAN)), "said": said,
            })  # fmt: skip
    return rows


def _of_time(held: dict[str, Any]) -> str:
    if "seconds" in held:
        return f"about {held['seconds']:.1f} s, whoever works on it"
    if held.get("times", "usable") != "usable":
        return f"times were not used: {held['times']}"
    return "no answer to it carries a time"


def timing_fits(session: Session, scope: Scope, project_id: int | None = None) -> "DataFrame":
    """What the last whole fit of times made of each project: project_id, project, answers, usable,
    why (not), at, seen_at (answers up to then are judged by it). One statement."""
    statement = (
        select(
            TimingFit.project_id, Project.name.label("project"), TimingFit.answers,
            TimingFit.usable, TimingFit.why, TimingFit.at, TimingFit.seen_at,
        )
        .join(Project, Project.id == TimingFit.project_id)
        .where(TimingFit.project_id.in_(scope))
        .order_by(Project.name, Project.id)
    )  # fmt: skip
    if project_id is not None:
        statement = statement.where(TimingFit.project_id == project_id)
    return frame(session, statement)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> "DataFrame":
    from pandas import DataFrame

    return DataFrame(rows, columns=list(columns))
