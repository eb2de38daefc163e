"""report.html: one self-contained page for somebody who answers for the work, not for the maths."""

from html import escape

from quality.audit import found_section, sections
from quality.audit.findings import Findings
from quality.audit.in_short import in_short
from quality.audit.words import count, number, paragraph, percent

_STYLE = """
:root { color: #1d2733; background: #f4f6f8; font: 16px/1.5 system-ui, "Segoe UI", sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; margin: 0; } h2 { font-size: 1.3rem; margin: 0 0 .4rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
section, .tiles > div { background: #fff; border: 1px solid #dfe4e9; border-radius: 10px; }
section { padding: 1.3rem 1.5rem; margin-top: 1.2rem; }
.tiles { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr));
  margin-top: 1.2rem; }
.tiles > div { padding: .8rem 1rem; } .tiles b { display: block; font-size: 1.6rem; }
.tiles small, .note, figcaption { color: #55616e; font-size: .9rem; }
.lead { color: #55616e; margin: .2rem 0 0; } figure { margin: 1rem 0; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: #44505c; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: left; color: #55616e; font-weight: 600; border-bottom: 2px solid #dfe4e9; }
th, td { padding: .35rem .6rem .35rem 0; vertical-align: top; }
td { border-bottom: 1px solid #eef1f4; overflow-wrap: break-word; }
.scroll td.why { min-width: 16rem; }
.num { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.warn { border-left: 4px solid #c1443c; padding-left: .8rem; }
dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; }
@media print { body { max-width: none; } section { break-inside: avoid; } }
"""


def render(found: Findings, name: str) -> str:
    """The page as HTML text; `name` says which file was audited."""
    body = "".join(
        (
            f"<header><h1>Labelling audit</h1><p class=lead>{escape(name)}: {_extent(found)}</p>"
            "</header>",
            _tiles(found),
            in_short(found),
            sections.agreement(found),
            sections.labellers(found),
            sections.assets(found),
            found_section.hard_found(found),
            sections.classes(found),
            sections.times(found),
            _glossary(found),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Labelling audit: {escape(name)}</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _extent(found: Findings) -> str:
    answers = found.answers
    repeated = f", {answers.repeated:,} of them repeats" if answers.repeated else ""
    return (
        f"{count(answers.rows, 'answer')}{repeated}, "
        f"by {count(len(answers.labellers), 'labeller')} "
        f"on {count(len(answers.assets), 'asset')}, "
        f"in {count(found.n_classes, 'class', 'classes')}."
    )


def _tiles(found: Findings) -> str:
    alpha, right = found.alpha, found.model_rate
    tiles = [
        ("Agreement (α)", number(alpha.value), _alpha_support(found)),
        (
            "Consensus right",
            percent(right.value),
            _right_support(found) if right.n else "no truth was given to hold it against",
        ),
        (
            "Labellers to look at",
            f"{found.labeller_flags.flagged.sum():,}",
            f"of {len(found.answers.labellers):,}",
        ),
        (
            "Assets to look at",
            f"{found.asset_flags.flagged.sum():,}",
            f"of {len(found.answers.assets):,}",
        ),
    ]
    cells = "".join(
        f"<div>{escape(label)}<b>{escape(value)}</b><small>{escape(note)}</small></div>"
        for label, value, note in tiles
    )
    return f"<div class=tiles>{cells}</div>"


def _alpha_support(found: Findings) -> str:
    alpha = found.alpha
    return f"95 %: {number(alpha.low)} to {number(alpha.high)}, n = {count(alpha.n, 'asset')}"


def _right_support(found: Findings) -> str:
    right = found.model_rate
    return f"95 %: {percent(right.low)} to {percent(right.high)}, n = {count(right.n, 'asset')}"


def _glossary(found: Findings) -> str:
    entries = [
        (
            "n and the interval",
            "n is how many cases a figure rests on. The 95 % interval is where the true value most "
            "likely lies: a wide one means little evidence, whatever the figure says.",
        ),
        (
            "Undefined",
            "There is nothing to compute the figure from. It is not zero.",
        ),
        (
            "α (Krippendorff's alpha)",
            "How much more labellers agree than they would by giving labels at random: 1 is full "
            "agreement, 0 is chance. From 0.80 labels are usually taken as reliable, from 0.67 for "
            "tentative conclusions.",
        ),
        (
            "Consensus",
            "The label taken as the asset's answer. Majority counts heads, ties split fairly. "
            "Dawid-Skene also learns who confuses what, and weighs answers by it; its probability "
            "can be too sure when labellers share the same mistake.",
        ),
        (
            "Accuracy of a labeller",
            "What we believe after all the evidence: the truth where it is known, elsewhere how "
            "often the labeller agrees with the others' consensus, allowing for that being wrong. "
            "Before any evidence, accuracies around 75 % are held likely (Beta 3, 1). A mistake "
            "that most labellers share cannot be seen without truth.",
        ),
        (
            "Pace",
            "A labeller's median time as a multiple of everybody's: 0.50 is half the usual time. "
            "With few answers it is drawn towards 1.",
        ),
        (
            "Difficulty",
            "The chance that two more labellers would disagree on the asset, from the disagreement "
            "seen, the time it took beyond its labellers' own pace, and how disputed its labels "
            "are elsewhere. How much time counts is learnt from these answers.",
        ),
        (
            "Flagged",
            "Stands out more than chance explains. Of all that is flagged about "
            "5 % may be false alarms (Benjamini-Hochberg). Answers of flagged labellers are not "
            "counted against an asset.",
        ),
    ]
    items = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in entries)
    kept = paragraph(
        "Where a labeller answered an asset more than once, the last answer counts "
        f"({count(found.answers.repeated, 'repeated answer')}).",
        "note",
    )
    return f"<section><h2>What the words mean</h2><dl>{items}</dl>{kept}</section>"
