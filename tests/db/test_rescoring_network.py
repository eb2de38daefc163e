"""A client's network: run shut in, its answers stored like an import, its faults told in a line."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sqlalchemy import func, select
from torch import nn

from ops import config, references, storage
from ops.db import transaction
from ops.errors import InvalidInput
from ops.models import Embedding, Prediction
from ops.reference_settings import NetworkSettings
from quality.models import LabelScore, RescoreRun
from quality.rescoring import confinement, job, runs
from quality.rescoring.network import READABLE, Network, NetworkFailed

SIDE = 16
CLASSES = ["red", "green", "blue"]
FED = {
    "classes": CLASSES, "width": SIDE, "height": SIDE, "mean": [0.0, 0.0, 0.0],
    "spread": [1.0, 1.0, 1.0], "batch": 8,
}  # fmt: skip


class Colour(nn.Module):
    """Logits by the mean of each channel."""

    def forward(self, pictures):
        return 20 * pictures.mean((2, 3))


class Middle(nn.Module):
    """One box a picture, in its middle, of the class of the strongest channel."""

    def forward(self, pictures):
        n = pictures.shape[0]
        box = torch.tensor([4.0, 4.0, 12.0, 12.0]).expand(n, 1, 4)
        strength = pictures.mean((2, 3))
        return box, strength.amax(1, keepdim=True) * 0 + 0.9, strength.argmax(1, keepdim=True)


class Wrong(nn.Module):
    def forward(self, pictures):
        return pictures.mean((2, 3)) / 0


def saved(module, batch=None):
    some = torch.zeros(batch or 2, 3, SIDE, SIDE)
    dynamic = None if batch else ({0: torch.export.Dim("n", min=1, max=1024)},)
    program = torch.export.export(module.eval(), (some,), dynamic_shapes=dynamic)
    out = io.BytesIO()
    torch.export.save(program, out)
    return out.getvalue()


@pytest.fixture
def home(settings, monkeypatch):
    """What the job reads from the environment is this test's installation."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    return config.load()


def pictures(make, home, batch, n):
    shown = []
    rng = np.random.default_rng(0)
    for i in range(n):
        pixels = rng.integers(0, 60, (40, 32, 3), dtype=np.uint8)
        pixels[:, :, i % 3] += 180
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        uri = storage.keep_upload(out.getvalue(), home)
        asset = make.assets(batch, 1, text=None, uri=uri, width=32, height=40)[0]
        shown.append((asset, CLASSES[i % 3]))
    return shown


@pytest.fixture
def coloured(make, session, home):
    """30 pictures of one colour each, two of them labelled wrongly."""
    floor = make.floor(assets=0, labellers=0, medium="image", classes=CLASSES)
    floor.shown = pictures(make, home, floor.batch, 30)
    for i, (asset, colour) in enumerate(floor.shown):
        make.decided(asset, CLASSES[(i + 1) % 3] if i in (4, 17) else colour)
    session.commit()
    return floor


def carried_out(sessions, session, floor, model, **asked):
    session.commit()
    with transaction(sessions) as s:
        run_id = runs.request(s, floor.batch, None, settings=asked, model=model).id
    job.run(sessions, run_id)
    session.expire_all()
    return session.get_one(RescoreRun, run_id)


def given(session, floor, module, home, batch=None, **fed):
    data = saved(module, batch)
    values = {**FED, **fed}
    return references.give_network(session, floor.project, "net", data, values, by=None, home=home)


def test_a_network_of_classes_finds_what_is_wrong(coloured, session, sessions, home):
    model = given(session, coloured, Colour(), home)
    run = carried_out(sessions, session, coloured, model)
    assert (run.state, run.error) == ("done", "")
    found = {asset.id for _, asset in runs.suspects(session, run)}
    assert found == {coloured.shown[i][0].id for i in (4, 17)}
    assert {"seccomp"} <= set(run.provenance["walls"])
    assert session.scalar(select(func.count()).select_from(Prediction)) == 30
    # The same network need not look again.
    again = carried_out(sessions, session, coloured, model)
    assert again.state == "done"
    assert session.scalar(select(func.count()).select_from(Prediction)) == 30


def test_a_program_of_one_size_of_batch(coloured, session, sessions, home):
    model = given(session, coloured, Colour(), home, batch=8, fixed_batch=True)
    run = carried_out(sessions, session, coloured, model)
    assert (run.state, run.summary["suspects"]) == ("done", 2)


def test_an_embedding_teaches_folds(coloured, session, sessions, home):
    model = given(session, coloured, Colour(), home, output="embedding", classes=[])
    run = carried_out(sessions, session, coloured, model)
    assert run.state == "done", run.error
    assert session.scalar(select(func.count()).select_from(Embedding)) == 30
    found = {asset.id for _, asset in runs.suspects(session, run)}
    assert found == {coloured.shown[i][0].id for i in (4, 17)}


def test_boxes_come_back_in_px_of_the_picture(make, session, sessions, home):
    floor = make.floor(assets=0, labellers=0, medium="image", classes=CLASSES, label_type="boxes")
    floor.shown = pictures(make, home, floor.batch, 24)
    for asset, colour in floor.shown:
        # 4 to 12 of 16 px, stretched to 32 × 40.
        box = {"id": "a", "class": colour, "box": [8.0, 10.0, 16.0, 20.0]}
        make.decided(asset, label={"objects": [box]})
    model = given(session, floor, Middle(), home, output="boxes")
    run = carried_out(sessions, session, floor, model)
    assert run.state == "done", run.error
    said = session.scalars(select(Prediction.label)).all()
    assert all(one["objects"][0]["box"] == [8.0, 10.0, 16.0, 20.0] for one in said)
    assert run.summary["suspects"] == 0
    assert session.scalars(select(LabelScore.quality)).all() == pytest.approx([0.9] * 24, abs=0.2)


def test_numbers_that_are_none_fail_the_run_in_words(coloured, session, sessions, home):
    model = given(session, coloured, Wrong(), home)
    run = carried_out(sessions, session, coloured, model)
    assert run.state == "failed"
    assert "not finite" in run.error


def test_a_file_that_is_no_program_fails_in_words(coloured, session, sessions, home):
    data = references.ARCHIVE + b"rubbish"
    model = references.give_network(session, coloured.project, "net", data, FED, by=None, home=home)
    run = carried_out(sessions, session, coloured, model)
    assert run.state == "failed"
    assert "cannot be loaded" in run.error


def test_a_file_that_was_changed_is_not_run(coloured, session, sessions, home):
    model = given(session, coloured, Colour(), home)
    (home.home.resolve() / model.file).write_bytes(saved(Middle()))
    run = carried_out(sessions, session, coloured, model)
    assert "is not the one that was given" in run.error


def test_what_is_no_archive_is_refused_at_once(coloured, session, home):
    with pytest.raises(InvalidInput, match=r"\.pt2"):
        references.give_network(
            session, coloured.project, "net", b"\x80\x04pickle", FED, by=None, home=home
        )


def test_too_little_memory_is_said(tmp_path):
    file = tmp_path / "n.pt2"
    file.write_bytes(saved(Colour()))
    with pytest.raises(NetworkFailed):
        Network(file, NetworkSettings(**FED), memory_mb=64)


TRIES = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
import confinement
held = confinement.shut_in(sys.argv[3].split(":"), sys.argv[2])
print(",".join(held))
def tried(what, act):
    try:
        act()
    except (OSError, PermissionError) as error:
        print(what, "refused")
    else:
        print(what, "ALLOWED")
import _socket
tried("internet", lambda: _socket.socket(_socket.AF_INET))
tried("local socket", lambda: _socket.socket(_socket.AF_UNIX))
tried("secrets", lambda: open(sys.argv[4]).read())
tried("environment of the parent", lambda: open(f"/proc/{os.getppid()}/environ").read())
tried("writing elsewhere", lambda: open("/tmp/never", "w"))
tried("memory that others share", lambda: os.listdir("/dev/shm"))
tried("a segment of it", lambda: open(sys.argv[5]).read())
tried("a signal to the parent", lambda: os.kill(os.getppid(), 0))
import posix
tried("another program", lambda: posix.posix_spawn("/bin/true", ["true"], {}))
open(os.path.join(sys.argv[2], "own"), "w").write("x")
print("own folder works")
"""


def test_the_walls_hold(tmp_path):
    secret, own = tmp_path / "secret_key", tmp_path / "own"
    secret.write_text("s")
    own.mkdir()
    readable = ":".join([*READABLE, sys.prefix, sys.base_prefix])
    where = str(Path(confinement.__file__).parent)
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as shared:
        said = subprocess.run(
            [
                sys.executable, "-I", "-c", TRIES, where, str(own), readable, str(secret),
                shared.name,
            ],
            check=True, capture_output=True, text=True,
            env={**os.environ, "DATABASE_URL": "secret"},
        ).stdout.splitlines()  # fmt: skip
    held = set(said[0].split(","))
    assert {"seccomp", "landlock"} <= held or os.uname().sysname != "Linux"
    assert said[-1] == "own folder works"
    assert not [line for line in said if line.endswith("ALLOWED")]
