"""Applications that may be of one person, side by side, to be decided on."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ops.applicants import duplicates
from ops.errors import TouchstoneError
from ops.web.identity import db, user
from quality.web.pipeline.blueprint import blueprint, field, needed

# So many are on one page; those behind them come up as these are decided.
SHOWN = 100


@blueprint.get("/pipeline/duplicates")
def twins() -> ResponseReturnValue:
    """Every pair that nobody has decided on, with why it is one."""
    pairs = duplicates.pairs(db(), user())
    page = "onboarding/pipeline/duplicates.html"
    return render_template(page, pairs=pairs[:SHOWN], twins=len(pairs), view="Duplicates")


@blueprint.post("/pipeline/duplicates")
def decide_twins() -> ResponseReturnValue:
    """The same person, and which application stays; or two people."""
    one, other = needed("one"), needed("other")
    try:
        with db().begin_nested():
            if field("action") == "apart":
                duplicates.keep_apart(db(), one, other, by=user())
                flash("They are two people; this pair is not shown again.", "success")
            else:
                kept = duplicates.merge(db(), one, other, by=user())
                flash(f"The other application is part of {kept.name}'s now.", "success")
    except TouchstoneError as refused:
        flash(refused.message, "error")
    return redirect(url_for("pipeline.twins"), 303)
