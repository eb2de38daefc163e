"""A manager finds the question that the best miss, looks at it, and takes it out."""

import re

import numpy as np
import pytest
from scipy.stats import norm, pearsonr

from ops import certificates, clock_time
from tests.assessed import BAD, N_GOLD, N_LABELLERS, TERMS, assessed, credits_of
from tests.browser.test_accessible import faults

pytestmark = pytest.mark.browser


def table_of(page, caption):
    """The rows of the table with this caption."""
    return page.locator("table", has=page.locator("caption", has_text=caption)).locator("tbody tr")


def third(rest, beyond):
    """Those at the upper or lower end who come nearest to a third, without parting who ties."""
    ends = [np.flatnonzero(beyond(rest.round(9), value)) for value in np.unique(rest.round(9))]
    return min(ends, key=lambda end: (abs(end.size - rest.size / 3), end.size))


def wilson(k, n):
    z = norm.ppf(0.975)
    middle, spread = k + z * z / 2, z * np.sqrt(k * (n - k) / n + z * z / 4)
    return (middle - spread) / (n + z * z), (middle + spread) / (n + z * z)


def missed_by_chance(table, column, best):
    """How many of the best would miss it by their other answers; the chance of as many as did."""
    miss = table < 0.5
    total, n, mean = miss.sum(axis=1), N_GOLD, miss.mean()
    between = np.mean((total / n - mean) ** 2 - mean * (1 - mean) / n)
    pull = np.clip(mean * (1 - mean) / between - 1, 1, 1e4) if between > 0 else 1e4
    chance = (total - miss[:, column] + pull * mean + 0.5) / (n - 1 + pull + 1)
    spread = np.ones(1)
    for p in chance[best]:
        spread = np.convolve(spread, [1 - p, p])
    return chance[best].sum(), spread[int(miss[best, column].sum()) :].sum()


def test_the_bad_question_is_found_looked_at_and_taken_out(session, make, browse, traps):
    made = assessed(session, make)
    session.commit()
    table, said = credits_of(session, made)
    asset = made.assets[BAD]
    where = f"/onboarding/assessments/{made.assessment.id}"
    page = browse(made.manager, where, reduced_motion="reduce")
    rows = table_of(page, "Attempts")
    assert rows.count() == N_LABELLERS
    passed = (table.mean(axis=1) >= TERMS["pass_mark"] - 1e-9).sum()
    assert rows.locator("text='passed'").count() == passed
    page.click("main a.btn-primary")

    # It stands first, with figures that plain code gives as well.
    first = page.locator(".items-table tbody tr").first
    assert asset.external_id in first.inner_text() and "the best miss it" in first.inner_text()
    assert page.locator(".items-table .tag-bad").count() == 1
    rest = (table.sum(axis=1) - table[:, BAD]) / (N_GOLD - 1)
    best, weakest = third(rest, np.greater_equal), third(rest, np.less_equal)
    expected, p = missed_by_chance(table, BAD, best)
    low, high = wilson(table[:, BAD].sum(), N_LABELLERS)
    text = " ".join(first.inner_text().split())
    assert f"{100 * table[:, BAD].mean():.0f} %" in text
    assert f"{100 * low:.0f} % to {100 * high:.0f} %, n {N_LABELLERS}" in text
    assert f"{pearsonr(table[:, BAD], rest).statistic:.2f}" in text
    missed = int((table[best, BAD] < 0.5).sum())
    assert f"{missed} of {best.size}" in text
    assert f"{expected:.1f} usual, p {p:.2g}" in text
    others = page.locator(".items-table tbody tr").all_inner_texts()[1:]
    columns = {a.external_id: i for i, a in enumerate(made.assets)}
    names = [re.search(r"\S+", other).group() for other in others]
    means = [table[:, columns[name]].mean() for name in names]
    assert means == sorted(means)

    assert not faults(page)

    # Looked at: the best agree on another answer.
    page.click(f"text={asset.external_id}")
    table_of(page, "Answers").first.wait_for()
    assert "The gold may be wrong" in page.locator(".alert-warning").inner_text()
    lines = [row.split("\t") for row in table_of(page, "Answers").all_inner_texts()]
    of = {line[0]: line for line in lines}
    for word, cells in of.items():
        count = [
            sum(said[a, BAD] == word for a in group)
            for group in (range(N_LABELLERS), best, weakest)
        ]
        assert [int(cell) for cell in cells[1:4]] == count
    page.wait_for_selector(".viewer .editor")
    assert not faults(page)

    # What it changes is said before it is confirmed, and then done.
    without = np.delete(table, BAD, axis=1)
    now = without.mean(axis=1) >= TERMS["pass_mark"] - 1e-9
    before = table.mean(axis=1) >= TERMS["pass_mark"] - 1e-9
    newly = {made.labellers[i].name for i in np.flatnonzero(now & ~before)}
    assert newly and not (before & ~now).any()
    shown = page.locator("#take-out tbody tr", has_text="passes now")
    assert {row.split("\t")[0] for row in shown.all_inner_texts()} == newly
    traps.expect("422")  # a reason is wanted
    page.click("text='Take it out'")
    assert "ay why" in page.locator(".invalid-feedback, .alert-danger").first.inner_text()
    page.fill("#reason", "The picture shows the other class")
    page.click("text='Take it out'")
    told = f"{N_LABELLERS} attempts scored anew, {len(newly)} pass"
    page.wait_for_selector(f"text={told}")
    last = page.locator(".items-table tbody tr").last.inner_text()
    assert asset.external_id in last and "taken out" in last

    # Who passes now is certified.
    page.goto(where)
    assert rows.locator("text='passed'").count() == now.sum()
    session.rollback()
    for labeller, good in zip(made.labellers, now, strict=True):
        held = certificates.valid(session, labeller.id, clock_time.now())
        assert bool(held.get(made.assessment.skill_id)) == good
    rows.first.locator("a").click()
    page.locator("text='taken out, does not count'").wait_for()
    assert not faults(page)
