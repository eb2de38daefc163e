"""My earnings: what I earned so far, what was settled, what work is paid here. Own figures only."""

from apiflask import APIBlueprint
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from metrics.earnings import own, statements, words
from metrics.earnings.money import together
from metrics.web.statement import by_currency, csv_of, statement_page
from ops import affiliations
from ops.web.identity import db, user

blueprint = APIBlueprint("earnings", __name__, enable_openapi=False, template_folder="templates")


@blueprint.get("/me/earnings")
def index() -> ResponseReturnValue:
    """This period so far, as of yesterday; past statements; what a label earns here."""
    me = user()
    lines = own.so_far(db(), me)
    return render_template(
        "earnings/index.html",
        zone=me.timezone,
        today=affiliations.today(me),
        sums=by_currency(lines),
        groups=together(lines),
        days=sorted(lines, key=lambda line: line.key, reverse=True),
        offers=own.offers(db(), me),
        statements=statements.newest(db(), of=me),
        words=words,
    )


@blueprint.get("/me/earnings/<int:own_statement_id>")
def statement(own_statement_id: int) -> ResponseReturnValue:
    """One of my statements, to read and to print."""
    found = statements.find(db(), own_statement_id, of=user())
    csv = url_for("earnings.statement_csv", own_statement_id=found.id)
    return statement_page(found, url_for("earnings.index"), csv)


@blueprint.get("/me/earnings/<int:own_statement_id>.csv")
def statement_csv(own_statement_id: int) -> ResponseReturnValue:
    """One of my statements as a table."""
    found = statements.find(db(), own_statement_id, of=user())
    return csv_of([found], f"earnings-{found.id}")
