"""What the page of an issue shows: the asset with the pin on it, and the beginning of an entry."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import labels, ontologies, pictures
from ops.access import ANSWERERS
from ops.errors import InvalidInput, StorageError
from ops.models import Asset, Comment, Issue, Label

# Up to this many px a side a picture is read pixel by pixel, so its pixels stay sharp squares.
SMALL = 128
# Of the longer side: a pin that is seen and hides little.
PIN_SHARE = 40


@dataclass(frozen=True)
class Pinned:
    """A picture in px with its pin: a point, a box [left, top, width, height], or neither."""

    width: int
    height: int
    point: tuple[float, float] | None = None
    box: tuple[float, float, float, float] | None = None

    @property
    def radius(self) -> float:
        """Of the mark at the point."""
        return max(self.width, self.height) / PIN_SHARE

    @property
    def sharp(self) -> bool:
        """Whether its pixels are looked at one by one."""
        return max(self.width, self.height) <= SMALL


def pinned(session: Session, asset: Asset, pin: dict[str, Any]) -> Pinned | None:
    """The picture with its pin; None of a text, and of a picture that cannot be read now."""
    if asset.uri is None:
        return None
    try:
        width, height = pictures.size(session, asset.id)
    except (InvalidInput, OSError, StorageError):
        return None
    point = box = None
    if pin["at"] == "point":
        point = (min(pin["x"], width), min(pin["y"], height))
    elif pin["at"] == "object" and pin.get("box"):
        left, top = min(pin["box"][0], width), min(pin["box"][1], height)
        box = (left, top, min(pin["box"][2], width - left), min(pin["box"][3], height - top))
    return Pinned(width, height, point, box)


def passage(text: str, pin: dict[str, Any]) -> tuple[str, str, str]:
    """The text before, in and after the pin."""
    if pin["at"] != "passage":
        return text, "", ""
    start, end = pin["start"], pin["end"]
    return text[:start], text[start:end], text[end:]


def answered_meanwhile(session: Session, issue: Issue) -> str:
    """What whoever asked handed in for this work, in words; empty while they have not."""
    if issue.assignment_id is None:
        return ""
    theirs = select(Label.payload).where(Label.assignment_id == issue.assignment_id)
    payload = session.scalar(theirs.order_by(Label.revision.desc()).limit(1))
    if payload is None:
        return ""
    ontology = ontologies.current(session, issue.project_id)
    return labels.in_words(issue.project.label_type, payload, ontology)


def entry(thread: list[Comment]) -> str:
    """Markdown that an entry of the guideline may begin with: the question, the newest answer."""
    replies = [said.body for said in thread[1:] if said.author.role in ANSWERERS]
    question = _as_text(thread[0].body) if thread else ""
    return f"**Question.** {question}\n\n**Answer.** {_as_text(replies[-1]) if replies else ''}"


def _as_text(body: str) -> str:
    # What means something to markdown was typed as text.
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", body)
