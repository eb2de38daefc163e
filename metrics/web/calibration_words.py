"""Words of the page about calibration."""

from metrics.reads.nesting import Nested
from ops.project_settings import NestingTerms

DEEDS = {"promote": "let go", "demote": "nested"}
MOVES = {"nested": "joined, nested", "promoted": "let go", "demoted": "nested again"}
FIGURES = {
    "gold": "Right on gold",
    "review": "Accepted at once in review",
    "pace": "Median active time",
}
GROUPS = {"month": "month of the first label", "team": "team", "opening": "opening"}


def how_near(one: Nested, terms: NestingTerms) -> str:
    """What somebody who is nested still lacks."""
    fewest = max(terms.answers - one.judged, 0)
    if one.to_go is None and not one.believed.n:
        return f"needs at least {_more(fewest)}"
    if one.to_go is None:
        return f"not at this accuracy: surely {100 * terms.promote_low:.0f} % are needed"
    if one.to_go == 0:
        return "is let go within a minute"
    return f"needs {_more(fewest)}" if one.to_go == fewest else f"needs about {_about(one.to_go)}"


def _more(n: int) -> str:
    return f"{n} more judged {'answer' if n == 1 else 'answers'}"


def _about(n: int) -> str:
    return _more(_round(n))


def _round(n: int) -> int:
    """A number as rough as it is known."""
    step = 5 if n < 50 else 10 if n < 200 else 50
    return max(step, step * round(n / step))


def conditions(terms: NestingTerms) -> str:
    """What being nested means here, and what ends it."""
    return (
        f"Who is nested has {100 * terms.review_share:.0f} % of their labels reviewed and gets "
        f"gold in at least {100 * terms.gold_rate:.0f} % of their work. They are let go once they "
        f"are surely right in {100 * terms.promote_low:.0f} % of their answers or more, after "
        f"{terms.answers} judged answers at least; who is surely right in less than "
        f"{100 * terms.demote_high:.0f} % is nested again. What you decide by hand stands for "
        f"{terms.answers} judged answers."
    )
