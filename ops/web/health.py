"""For load balancers and supervisors: is the process alive, and can it do its work?"""

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from ops.web.identity import db

blueprint = APIBlueprint("health", __name__, enable_openapi=False)


@blueprint.get("/healthz")
def live() -> ResponseReturnValue:
    """The process answers; asks nothing of the database."""
    return jsonify(status="live")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database answers and has the tables; 503 otherwise, by the error table."""
    db().execute(text("SELECT 1 FROM user_account LIMIT 1"))
    return jsonify(status="ready")
