"""The sections of the page, each a heading, a plot or a table, and what it means in plain words."""

import numpy as np

from quality.audit import drawings
from quality.audit.findings import Findings
from quality.audit.in_short import time_sentence
from quality.audit.reasons import asset_reasons, labeller_reasons
from quality.audit.words import count, figure, paragraph, percent, seconds, section, share, table
from quality.audit.writing import consensus_score
from quality.measures.arrays import Ints
from quality.measures.classes import confusion_matrix, per_class

_TICKS = [(0.1, "0.1 s"), (0.3, "0.3 s"), (1, "1 s"), (3, "3 s"), (10, "10 s"), (30, "30 s")]
_TICKS += [(60 * m, f"{m} min") for m in (1, 3, 10, 30)]
_TICKS += [(3600 * h, f"{h} h") for h in (1, 3, 10, 30, 100)]
MOST_LABELLERS, MOST_ROWS, MOST_CLASSES, MOST_DOTS = 40, 25, 15, 1500
_MOST_CONFUSABLE = 2000  # classes; beyond this a table of confusions says nothing to anybody


def agreement(found: Findings) -> str:
    """How far answers to the same asset agree."""
    scores = consensus_score(found)[found.votes.sum(axis=1) > 1]
    single = len(found.votes) - len(scores)
    if not len(scores):
        return section("Agreement", paragraph("No asset has two answers: agreement is undefined."))
    heights, _ = np.histogram(scores, bins=20, range=(0, 1 + 1e-9))
    ticks = [(i * 5.0, f"{i * 25} %") for i in range(5)]
    plot = figure(
        drawings.bars(heights, ticks, "share of answers that agree with the consensus", "assets"),
        "Each asset with two or more answers stands in one bar. The further right, the better.",
    )
    pairs = paragraph(
        f"Two answers to the same asset agree in {share(*found.percent)}; n counts the assets with "
        "two or more answers."
    )
    alone = f"{count(single, 'asset')} with a single answer: agreement undefined there."
    return section("Agreement", pairs + plot + (paragraph(alone, "note") if single else ""))


def labellers(found: Findings) -> str:
    """Who is right how often, and how fast."""
    standings, flags = found.standings, found.labeller_flags
    names = found.answers.labellers.to_pylist()
    judged = np.flatnonzero(standings.n > 0)
    order = judged[np.lexsort((standings.mean[judged], ~flags.flagged[judged]))]
    if not order.size:
        text = "No labeller can be judged: no truth, and no asset with two labellers."
        return section("Labellers", paragraph(text, "warn"))
    top = order[:MOST_LABELLERS]
    plot = drawings.intervals(
        [names[i] for i in top], standings.mean[top], standings.low[top], standings.high[top],
        flags.flagged[top].tolist(), flags.typical,
    )  # fmt: skip
    shown = "all" if len(top) == len(names) else f"flagged ones first, then the {len(top)} lowest"
    caption = (
        f"Estimated accuracy with its 95 % interval ({shown}). Red is flagged; the dashed line is "
        f"the typical labeller ({percent(flags.typical)})."
    )
    return section(
        "Labellers",
        figure(plot, caption) + _pace_plot(found, names) + _labeller_rows(found, order),
    )


def assets(found: Findings) -> str:
    """Which assets are hard, and why."""
    score = found.difficulty.score
    known = np.flatnonzero(~np.isnan(score))
    if not known.size:
        text = "Difficulty is undefined: no asset has two answers or a time that can be used."
        return section("Hard assets", paragraph(text))
    heights, _ = np.histogram(score[known], bins=25, range=(0, 1))
    plot = figure(
        drawings.bars(
            heights, [(i * 5.0, f"{i * 20} %") for i in range(6)], "difficulty", "assets"
        ),
        "Difficulty is the chance that two more labellers would disagree on the asset.",
    )
    flagged = found.asset_flags.flagged
    order = known[np.lexsort((-score[known], ~flagged[known]))][:MOST_ROWS]
    agreeing = consensus_score(found)
    reasons, consensus = asset_reasons(found), found.class_names.to_pylist()
    rows = [
        [
            found.answers.assets[int(i)].as_py(),
            str(found.votes[i].sum()),
            consensus[found.best.label[i]],
            percent(agreeing[i]),
            percent(score[i]),
            ("flagged: " if flagged[i] else "") + (reasons[i] or "not flagged"),
        ]
        for i in order
    ]
    head = ["asset", "answers", "consensus", "agree with it", "difficulty", "why"]
    title = (
        "Flagged assets, hardest first" if flagged.any() else "The hardest assets (none flagged)"
    )
    more = f"{count(int(flagged.sum()), 'asset')} flagged; assets.csv has them all."
    return section(
        "Hard assets",
        plot
        + f"<h3>{title}</h3>"
        + table(head, rows, frozenset((1, 3, 4)))
        + paragraph(more, "note"),
    )


def classes(found: Findings) -> str:
    """Which classes are mistaken for which, against truth where known, else the consensus."""
    if found.n_classes > _MOST_CONFUSABLE:
        text = f"{found.n_classes:,} classes are too many to hold against one another here."
        return section("Classes", paragraph(text))
    answers, names = found.answers, found.class_names.to_pylist()
    held = found.best.label if found.truth is None else found.truth
    against = held[answers.asset]
    known = against >= 0
    confusion = confusion_matrix(against[known], answers.label[known], found.n_classes)
    what = "truth" if found.truth is not None else "consensus"
    parts = [paragraph(f"Every answer held against the {what} of its asset.")]
    if found.n_classes <= MOST_CLASSES:
        plot = drawings.heatmap(confusion, names, f"{what} ↓", "answer →")
        parts.append(
            figure(plot, "A dark diagonal is good. Dark elsewhere: a confusion to explain.")
        )
    measures = per_class(confusion)
    users = _users(found)
    order = np.argsort(-measures.predicted, kind="stable")[: MOST_ROWS * 2]
    rows = [
        [
            names[c],
            f"{users[c]:,}",
            share(measures.recall[c], measures.recall_low[c], measures.recall_high[c],
                  int(measures.support[c])),
            share(measures.precision[c], measures.precision_low[c], measures.precision_high[c],
                  int(measures.predicted[c])),
        ]
        for c in order
    ]  # fmt: skip
    head = [
        "class",
        "labellers using it",
        "found when it is there (recall)",
        "right when given (precision)",
    ]
    parts.append(table(head, rows, frozenset((1,))))
    alone = [names[c] for c in np.flatnonzero(users == 1)]
    if alone:
        listed = ", ".join(alone[:10]) + (" …" if len(alone) > 10 else "")
        parts.append(paragraph(f"Used by one labeller only: {listed}.", "note"))
    return section("Classes", "".join(parts))


def times(found: Findings) -> str:
    """What the times are worth."""
    time = found.answers.seconds
    time = time[np.isfinite(time) & (time > 0)]
    parts = [paragraph(time_sentence(found), "" if found.usable.usable else "warn")]
    if time.size:
        log = np.log(np.maximum(time, 0.01))
        low, high = float(log.min()) - 0.1, float(log.max()) + 0.1
        heights, _ = np.histogram(log, bins=40, range=(low, high))
        ticks = [
            (40 * (np.log(t) - low) / (high - low), text)
            for t, text in _TICKS
            if low < np.log(t) < high
        ]
        plot = drawings.bars(heights, ticks, "time of an answer (logarithmic)", "answers")
        caption = (
            f"n = {time.size:,} timed answers; half take less than {seconds(np.median(time))}."
        )
        parts.append(figure(plot, caption))
    if abs(found.pace.slope) > 2 * found.pace.slope_se:  # clear; never without an order
        change = 1 - 2**found.pace.slope
        kind = "less" if change > 0 else "more"
        text = f"Learning: each doubling of experience takes {abs(change):.0%} {kind} time."
        parts.append(paragraph(text))
    return section("Times", "".join(parts))


def _pace_plot(found: Findings, names: list[str]) -> str:
    pace, standings = found.pace, found.standings
    seen = np.flatnonzero((standings.n > 0) & (pace.n > 0))
    if not seen.size or not found.usable.usable:
        return ""
    busiest = seen[np.argsort(-pace.n[seen], kind="stable")][:MOST_DOTS]
    widest = max(float(np.abs(pace.deviation[busiest]).max() / np.log(2)), 1.0)
    doublings = range(-int(np.ceil(widest)), int(np.ceil(widest)) + 1)
    steps = [(d * float(np.log(2)), f"{2.0**d:g} ×") for d in doublings]
    plot = drawings.scatter(
        pace.deviation[busiest], standings.mean[busiest], [names[i] for i in busiest],
        found.labeller_flags.flagged[busiest].tolist(), steps,
        "time, as a multiple of the usual", "accuracy",
    )  # fmt: skip
    return figure(plot, "Each dot is a labeller. Bottom left is fast and wrong.")


def _labeller_rows(found: Findings, order: Ints) -> str:
    names, reasons = found.answers.labellers, labeller_reasons(found)
    standings, pace, flagged = found.standings, found.pace, found.labeller_flags.flagged
    timed = bool(pace.n.any())
    rows = [
        [
            names[int(i)].as_py(),
            percent(standings.mean[i]),
            f"{percent(standings.low[i])} to {percent(standings.high[i])}",
            f"{standings.n[i]:,}",
            *([seconds(pace.median[i]), _times_usual(found, int(i))] if timed else []),
            ("flagged: " if flagged[i] else "") + (reasons[i] or ""),
        ]
        for i in order[:MOST_ROWS]
    ]
    head = ["labeller", "accuracy", "95 % interval", "n"]
    head += ["median time", "pace", "why"] if timed else ["why"]
    title = "<h3>Flagged first, then from the lowest accuracy</h3>"
    more = paragraph("labellers.csv has them all.", "note") if len(order) > MOST_ROWS else ""
    return title + table(head, rows, frozenset(range(1, len(head) - 1))) + more


def _times_usual(found: Findings, i: int) -> str:
    return f"{found.pace.ratio()[i]:.2f} ×" if found.pace.n[i] else "undefined"


def _users(found: Findings) -> Ints:
    """How many labellers gave each class at least once."""
    n_labellers = len(found.answers.labellers)
    key = found.answers.label.astype(np.int64) * n_labellers + found.answers.labeller
    return np.bincount(np.unique(key) // n_labellers, minlength=found.n_classes)
