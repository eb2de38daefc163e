"""Pay through its pages: who sees what, rates, settling, statements, one's own earnings."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from metrics.models import EarningsStatement
from ops import clock_time
from ops.models import PayAdjustment, PayRate
from tests.paid import counted, rate, work


@pytest.fixture
def paid(make, session):
    """A labeller with ten labels on each of three days, by a rate of everybody."""
    project, me, payer = make.project(), make.member, make.user(role="admin")
    labeller = me(project, make.user(name="=Ana"))
    first = clock_time.now().date() - timedelta(days=3)
    rate(session, payer, since=first, reason="agreed")
    for back in (3, 2, 1):
        work(session, labeller, project, clock_time.now().date() - timedelta(days=back))
    counted(session)
    return project, labeller


def test_a_manager_sets_settles_and_takes_away_and_the_labeller_reads_it(
    paid, client_for, session, make
):
    project, labeller = paid
    manager = client_for("onboarding_manager")
    today = clock_time.now().date()
    form = {"whom": f"person:{labeller.id}", "project": project.id, "stage": "label",
            "amount": "0.25", "currency": "eur", "basis": "accepted",
            "valid_from": today}  # fmt: skip
    assert manager.post("/pay/rates", data=form).status_code == 303
    asked = f"/pay?of={labeller.id}&in={project.id}&at=label&on="
    assert "=Ana earns 0.25 EUR per accepted label" in manager.get(f"{asked}{today}").text
    past = manager.get(f"{asked}{today - timedelta(days=1)}").text
    assert "=Ana earns 0.10 EUR per label handed in" in past
    assert "no commas" in manager.post("/pay/rates", data={**form, "amount": "1,000"}).text
    bad = {**form, "amount": "much", "valid_from": "2020-01-01"}
    refused = manager.post("/pay/rates", data=bad)
    assert refused.status_code == 422 and 'value="much"' in refused.text

    given = {"adjusted": labeller.id, "amount": "1.5", "currency": "EUR", "reason": "=Well done",
             "day": today - timedelta(days=1)}  # fmt: skip
    assert manager.post("/pay/adjustments", data=given).status_code == 303
    assert manager.post("/pay/adjustments", data={**given, "reason": ""}).status_code == 422
    assert "4.50 EUR" in manager.get("/pay/statements").text
    alone = manager.get(f"/pay/statements?of={labeller.id}").text
    assert "Earned by =Ana" in alone and "djusted by hand: =Well done" in alone
    assert manager.get("/pay/statements?of=999999999").status_code == 404
    last = today - timedelta(days=1)
    assert manager.post("/pay/settle", data={"last": today}).status_code == 422
    for _ in range(2):
        assert manager.post("/pay/settle", data={"last": last}).status_code == 303
    (statement,) = session.scalars(select(EarningsStatement)).all()
    page = manager.get(f"/pay/statements/{statement.id}").text
    assert "4.50 EUR" in page and statement.digest in page and "does not fit" not in page
    table = manager.get(f"/pay/statements.csv?last={last}").text.lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["amount"] for row in rows] == ["1", "1", "1", "1.5"]
    assert {row["person"] for row in rows} == {"'=Ana"} and rows[3]["reason"] == "'=Well done"

    own = client_for(labeller)
    mine = own.get("/me/earnings").text
    assert "4.50 EUR" in mine and "0.25 EUR per accepted label" in mine
    assert "4.50 EUR" in own.get(f"/me/earnings/{statement.id}").text
    assert (
        "attachment" in own.get(f"/me/earnings/{statement.id}.csv").headers["Content-Disposition"]
    )
    stranger = client_for("labeller")
    assert stranger.get(f"/me/earnings/{statement.id}").status_code == 404
    for role in ("ops_lead", "client", "labeller"):
        assert client_for(role).get("/pay").status_code == 403


def test_the_pages_say_what_to_do_while_there_is_nothing(client_for, session):
    manager = client_for("onboarding_manager")
    assert "No work is paid yet" in manager.get("/pay").text
    assert "Nothing to settle" in manager.get("/pay/statements").text
    assert "Nothing yet" in client_for("labeller").get("/me/earnings").text
    nobody = manager.post("/pay/settle", data={"last": "2026-01-01"})
    assert nobody.status_code == 422
    assert manager.get("/pay?of=1&in=x&on=").status_code == 200
    for table in (PayRate, PayAdjustment, EarningsStatement):
        assert session.scalars(select(table)).all() == []
