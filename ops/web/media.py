"""Pictures of assets for staff and clients, by signed links that run out.

Labellers never come here: a link names the asset. Their desk proxies the medium per lease.
"""

import hashlib
import time
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, current_app, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from ops import config, scope, storage
from ops.errors import Forbidden, NotFound
from ops.models import Asset
from ops.thumbnails import shrunk
from ops.web.identity import db, installation, user

SIZES = (96, 256)
LINK_SECONDS = 3600

blueprint = APIBlueprint("media", __name__, enable_openapi=False)


def url(asset_id: int, size: int | None = None) -> str:
    """A link to the picture of an asset, good for one to two hours.

    All links made within an hour are the same, so that a browser may keep what it has fetched.
    """
    # The life of a link is a matter of security, not of business: it runs on real time.
    until = (int(time.time()) // LINK_SECONDS + 2) * LINK_SECONDS
    return url_for("media.show", signed=_signer().dumps([asset_id, until]), size=size)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="media")


@blueprint.get("/media/<signed>")
def show(signed: str) -> Response:
    """The picture, or a thumbnail of it with `?size=96` or `?size=256`."""
    asset = _asset_behind(signed)
    settings = installation()
    size = request.args.get("size", type=int)
    if size in SIZES:
        data, kind = thumbnail(asset.uri or "", size, settings)
    else:
        data, kind = storage.read(asset.uri or "", settings)
    answer = Response(data, mimetype=kind)
    answer.headers["Cache-Control"] = f"private, max-age={LINK_SECONDS}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _asset_behind(signed: str) -> Asset:
    try:
        asset_id, until = _signer().loads(signed)
    except BadSignature:
        raise NotFound("There is no such picture.") from None
    if time.time() > until:
        raise Forbidden("This link has run out. Reload the page that showed it.")
    asset = db().get(Asset, asset_id)
    if asset is None or asset.uri is None:
        raise NotFound("There is no such picture.")
    if db().scalar(scope.may_see(user(), asset.project_id)) is None:
        raise NotFound("There is no such picture.")
    return asset


def thumbnail(uri: str, size: int, settings: config.Settings) -> tuple[bytes, str]:
    """The picture within `size` × `size` pixels as WebP, from the cache when it was made before.

    Raises StorageError.
    """
    name = hashlib.sha256(uri.encode()).hexdigest()
    kept = settings.home.resolve() / "thumbnails" / str(size) / name[:2] / f"{name}.webp"
    if kept.exists():
        return kept.read_bytes(), "image/webp"
    data, _ = storage.read(uri, settings)
    small = shrunk(data, size, "WEBP", 80)
    _keep(kept, small)
    return small, "image/webp"


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    storage.write_whole(path, data)
