"""What the tests of the desk share: a floor of pictures that tell their own answer, and hands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select

from ops.models import Asset, Assignment, Label, Task

# One class, one colour: a picture of that colour has that answer.
COLOURS = {"a": (230, 25, 75), "b": (60, 180, 75), "c": (0, 130, 200)}

_PIXEL = """() => {
  const img = document.querySelector(".editor-picture");
  if (!img) return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  context.drawImage(img, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


def pictures(make: Any, folder: Path, n: int, **more: Any) -> Any:
    """A floor with one labeller and `n` pictures whose answers go a, b, c, a, …"""
    floor = make.floor(assets=0, medium="image", classes="abc", **more)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        path = folder / f"{i}.png"
        Image.new("RGB", (8, 8), COLOURS["abc"[i % 3]]).save(path)
        is_ = {"is": "abc"[i % 3]}
        floor.assets += make.assets(floor.batch, 1, uri=str(path), text=None, meta=is_)
    floor.tasks = make.tasks(floor.lane, floor.assets)
    make.session.commit()
    return floor


def seen(page: Any) -> str:
    """The answer of the picture on the screen, read from its pixels."""
    colour = tuple(page.evaluate(_PIXEL))
    return next(key for key, value in COLOURS.items() if value == colour)


def until(page: Any, script: str, *, seconds: float = 10) -> Any:
    """Poll a page (a strict policy forbids `wait_for_function`) until `script` is true."""
    for _ in range(int(seconds * 50)):
        value = page.evaluate(script)
        if value:
            return value
        page.wait_for_timeout(20)
    raise AssertionError(f"never true: {script}; the page says: {page.inner_text('body')[:800]}")


def eventually(page: Any, predicate: Callable[[], Any], *, seconds: float = 10) -> None:
    """Poll what lies outside the page, the database for one, until it is true."""
    for _ in range(int(seconds * 20)):
        if predicate():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came true")


def at_work(page: Any) -> None:
    """Wait until a task is on the screen."""
    until(
        page,
        """() => document.getElementById("desk-state").hidden
              && document.getElementById("desk-work").ariaBusy !== "true"
              && document.querySelector(".editor-stage")?.childElementCount > 0""",
    )


def text_of(page: Any) -> str:
    """The text on the screen."""
    return page.inner_text(".editor-passage")


def saved(page: Any) -> None:
    """Wait until the server has everything."""
    until(page, """() => document.getElementById("desk-saved").dataset.state === "saved" """)


def answers(sessions: Any) -> list[tuple[Asset, Assignment, Label]]:
    """Every label in the database, with its asset and assignment, in order."""
    found = (
        select(Asset, Assignment, Label)
        .join(Task, Task.asset_id == Asset.id)
        .join(Assignment, Assignment.task_id == Task.id)
        .join(Label, Label.assignment_id == Assignment.id)
        .order_by(Label.id)
    )
    with sessions() as session:
        return [tuple(row) for row in session.execute(found)]


def assignments(sessions: Any) -> list[Assignment]:
    """Every assignment, oldest first."""
    with sessions() as session:
        return list(session.scalars(select(Assignment).order_by(Assignment.id)))


def answer(page: Any, key: str) -> None:
    """Choose with a key and submit."""
    page.keyboard.press(key)
    page.keyboard.press("Enter")


def work_through(page: Any, n: int) -> None:
    """Answer `n` pictures with the key that their colour means."""
    for _ in range(n):
        at_work(page)
        answer(page, seen(page))
        saved(page)
