"""The section on how well hard assets are found from a few answers, where the truth is known."""

from quality.audit.findings import Findings
from quality.audit.words import count, paragraph, section, table
from quality.measures.hard_found import CLUES, DIFFICULTY, HARD_PERCENTILE


def hard_found(found: Findings) -> str:
    """Every clue beside the difficulty, by the number of answers kept; empty without the truth."""
    held = found.hard_found
    if held is None:
        return ""
    steps = sorted(held.auc[DIFFICULTY])
    rows = [[name, *(f"{by_k[k]:.3f}" for k in steps)] for name, by_k in held.auc.items()]
    best = {k: max(held.auc[name][k] for name in CLUES if name in held.auc) for k in steps}
    over = [f"{held.auc[DIFFICULTY][k] - best[k]:+.3f}" for k in steps]
    rows.append(["difficulty over the best single clue", *over])
    head = ["answers kept of each", *map(str, steps)]
    said = (
        f"{count(held.hard, 'asset')} of {held.assets:,} are hard: answers to them are wrong as "
        f"often as to the worst {100 - HARD_PERCENTILE} % or more. Only a few answers of each are "
        "kept; the figure is the chance that a hard asset scores above another "
        f"(0.5 is a coin), the mean of {held.draws} draws."
    )
    return section(
        "How well hard assets are found",
        paragraph(said) + table(head, rows, frozenset(range(1, len(head)))),
    )
