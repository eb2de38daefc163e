"""Signed links to pictures: for who may see the project, for a while, and for pictures only."""

import io
import time

import pytest
from PIL import Image

from ops import storage, thumbnails
from ops.errors import InvalidInput, StorageError
from ops.models import Asset
from ops.web import media


def png(size=(300, 200)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def project(make):
    return make.project(medium="image")


@pytest.fixture
def link(app, make, project, session, settings):
    """A link to a new asset's picture."""

    def link(uri=None, size=None):
        uri = uri or storage.keep_upload(png(), settings)
        (asset,) = make.assets(make.batch(project), 1, uri=uri, text=None)
        session.commit()
        with app.test_request_context():
            return media.url(asset.id, size)

    return link


@pytest.fixture
def lead(client_for, make, project):
    return client_for(make.member(project, make.user(role="ops_lead")))


def test_members_and_the_client_see_the_picture_and_its_thumbnails(
    link, lead, client_for, make, project
):
    whole = lead.get(link())
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "image/png", png())
    assert whole.headers["Cache-Control"].startswith("private")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    client = client_for(make.user(role="client", organisation_id=project.organisation_id))
    small = client.get(link(size=96))
    assert small.mimetype == "image/webp"
    assert Image.open(io.BytesIO(small.data)).size == (96, 64)
    assert client.get(link(size=96)).data == small.data


def test_nobody_else_sees_it(link, client_for, make, app):
    url = link()
    for role, status in (("ops_lead", 404), ("client", 404), ("labeller", 403), ("expert", 403)):
        assert client_for(role).get(url).status_code == status, role
    assert app.test_client().get(url).status_code == 302  # to sign in


def test_a_link_that_was_changed_or_ran_out_shows_nothing(link, lead, monkeypatch):
    url = link()
    for wrong in (url[:-2], url.replace("/media/", "/media/W1sx"), "/media/nonsense"):
        assert lead.get(wrong).status_code == 404
    assert lead.get(url).status_code == 200
    later = time.time() + 3 * media.LINK_SECONDS
    monkeypatch.setattr(media.time, "time", lambda: later)
    answer = lead.get(url)
    assert answer.status_code == 403
    assert "run out" in answer.text


def test_links_made_within_an_hour_are_the_same(link, app):
    with app.test_request_context():
        assert media.url(1) == media.url(1)
        assert media.url(1) != media.url(2)


def test_what_is_no_picture_is_never_served(link, lead, tmp_path, settings):
    root = settings.media
    root.mkdir(parents=True, exist_ok=True)
    (root / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (root / "broken.png").write_bytes(png()[:60])
    assert lead.get(link(uri=str(root / "x.svg"))).status_code == 502
    assert lead.get(link(uri="/etc/passwd")).status_code == 502
    assert lead.get(link(uri=str(root / "gone.png"))).status_code == 502
    assert lead.get(link(uri=str(root / "broken.png"), size=96)).status_code == 502


def test_a_text_has_no_picture(app, lead, make, project, session):
    (asset,) = make.assets(make.batch(project), 1)
    session.commit()
    with app.test_request_context():
        url = media.url(asset.id)
    assert session.get(Asset, asset.id).uri is None
    assert lead.get(url).status_code == 404


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_every_kind_we_serve_is_kept_once_under_its_digest(settings, form):
    out = io.BytesIO()
    Image.new("RGB", (12, 9), "blue").save(out, form)
    uri = storage.keep_upload(out.getvalue(), settings)
    assert storage.keep_upload(out.getvalue(), settings) == uri
    assert storage.read(uri, settings) == (out.getvalue(), f"image/{form.lower()}")
    assert len(list(settings.media.rglob("*.*"))) == 1


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", png()[:50]])
def test_an_upload_that_is_no_sound_picture_is_refused(settings, data):
    with pytest.raises(InvalidInput):
        storage.keep_upload(data, settings)
    assert not settings.media.exists()


def test_other_protocols_go_through_fsspec_when_they_are_allowed(settings):
    import fsspec

    fsspec.filesystem("memory").pipe_file("/bucket/a.png", png())
    uri = "memory://bucket/a.png"
    with pytest.raises(StorageError, match="protocol memory is not allowed"):
        storage.read(uri, settings)
    allowing = settings.model_copy(update={"asset_protocols": "memory"})
    assert storage.read(uri, allowing) == (png(), "image/png")
    with pytest.raises(StorageError):
        storage.read("memory://bucket/missing.png", allowing)
    chained = settings.model_copy(update={"asset_protocols": "memory,simplecache"})
    with pytest.raises(StorageError, match="::"):
        storage.read("simplecache://x::file:///etc/passwd", chained)


def test_a_file_that_is_too_large_is_not_read(settings, monkeypatch):
    uri = storage.keep_upload(png(), settings)
    monkeypatch.setattr(storage, "MOST_BYTES", 20)
    with pytest.raises(StorageError, match="larger"):
        storage.read(uri, settings)


@pytest.mark.parametrize("form", ["WEBP", "JPEG"])
def test_a_picture_of_too_many_pixels_is_not_decoded(form, monkeypatch):
    made = thumbnails.shrunk(png(), 96, form, 80)
    assert Image.open(io.BytesIO(made)).size == (96, 64)
    monkeypatch.setattr(thumbnails, "MOST_PIXELS", 300 * 200 - 1)
    with pytest.raises(StorageError, match="too large"):
        thumbnails.shrunk(png(), 96, form, 80)
