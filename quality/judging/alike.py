"""How far answers say the same: exactly or not for choices, by likeness for what is drawn or said.

A class and a preference are right or wrong. A rating is right in part: 1 - |difference| ÷ the range
of the scale, because its neighbours are nearly what it is. Of everything else the likeness of the
label's type counts, see `quality.measures.likeness`. A label that is sent back is like nothing.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import ontologies, projects
from ops.labels import CHOICES
from ops.models import Asset, OntologyVersion, Project
from ops.project_settings import LikenessTerms
from quality.judging import answers as read
from quality.judging.answers import Answer

if TYPE_CHECKING:
    from quality.measures.likeness import Terms

Label = Mapping[str, Any]
# From which overlap on a shape is at all about another.
NEAR = 0.1


class Yardstick:
    """Likeness of two labels of a project, 0 to 1; `tolerance` is how little short of 1 an answer
    may be to gold and yet be right."""

    def __init__(
        self,
        label_type: str,
        ontology: OntologyVersion | None = None,
        terms: LikenessTerms | None = None,
        tolerance: float = 0.0,
    ):
        self.label_type, self.ontology, self.tolerance = label_type, ontology, tolerance
        self._settings = terms or LikenessTerms()

    def __call__(
        self,
        given: Label,
        truth: Label,
        *,
        size: tuple[int, int] | None = None,
        **asked: Any,
    ) -> float:
        """`size` of the picture in px; `asked` stands before the project's settings (`overlap`,
        `partial`)."""
        if not given or not truth:
            return float(not given and not truth)
        if self.label_type in ("class", "preference") and set(truth) == {self.label_type}:
            return float(given.get(self.label_type) == truth[self.label_type])
        from quality.measures.likeness import scores

        terms = self.terms(size=size, **asked)
        return float(scores(self.label_type, [dict(given)], [dict(truth)], terms)[0])

    def terms(self, *, size: tuple[int, int] | None = None, **asked: Any) -> "Terms":
        """What is compared how, as the measures want it."""
        from quality.measures.likeness import Terms

        scale = self.ontology.scale if self.ontology else None
        given = self._settings.model_dump() | asked
        return Terms(
            overlap=given["overlap"],
            partial=given["partial"],
            near=min(NEAR, given["overlap"]),
            sigmas=self._sigmas(),
            size=size,
            range=(float(scale["low"]), float(scale["high"])) if scale else None,
        )

    def _sigmas(self) -> dict[str, list[float]] | None:
        """Class key → the sigma of each point, of the skeletons that state them."""
        known = {
            c["key"]: c["skeleton"]["sigmas"]
            for c in (self.ontology.classes if self.ontology else [])
            if (c.get("skeleton") or {}).get("sigmas")
        }
        return known or None


def yardstick(session: Session, project: Project) -> Yardstick:
    """The likeness of labels in a project."""
    ontology = ontologies.current(session, project.id)
    terms = projects.settings_of(project)
    return Yardstick(project.label_type, ontology, terms.likeness, terms.gold.tolerance)


class Compared:
    """Answers, of which what they say is fetched at once, to be held against what is right."""

    def __init__(self, session: Session, found: Iterable[Answer]):
        found = list(found)
        self._contents = read.contents(session, found)
        self._yardsticks = {
            project_id: yardstick(session, session.get_one(Project, project_id))
            for project_id in sorted({a.project_id for a in found if _by_likeness(a)})
        }
        assets = sorted({a.asset_id for a in found if a.label_type not in CHOICES})
        self._sizes = sizes(session, assets)

    def content(self, answer: Answer) -> dict[str, Any]:
        """What an answer says; empty where it sends the label back."""
        return self._contents[answer.label_id]

    def yardstick(self, answer: Answer) -> Yardstick:
        """That of the answer's project."""
        return self._yardsticks.get(answer.project_id) or Yardstick(answer.label_type)

    def size(self, answer: Answer) -> tuple[int, int] | None:
        """Width and height of the answer's picture, where they are known."""
        return self._sizes.get(answer.asset_id)

    def alike(self, answer: Answer, truth: Label) -> float:
        """How far an answer says `truth`."""
        return self.yardstick(answer)(self.content(answer), truth, size=self.size(answer))

    def same(self, answer: Answer, truth: Label) -> bool:
        """Whether an answer says exactly `truth`; a choice that adds nothing leaves what it has."""
        if answer.label_type in CHOICES and not answer.beside:
            return truth.get(answer.label_type) == self.content(answer).get(answer.label_type)
        return self.content(answer) == truth


def _by_likeness(answer: Answer) -> bool:
    return answer.label_type not in ("class", "preference") or bool(answer.beside)


def size_of(asset: Asset) -> tuple[int, int] | None:
    """Width and height of a picture in px, where they are known."""
    known = asset.width is not None and asset.height is not None
    return (asset.width, asset.height) if known else None  # type: ignore[return-value]


def sizes(session: Session, asset_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Asset id → width and height in px, of pictures where they are known."""
    ids = list(asset_ids)
    if not ids:
        return {}
    known = select(Asset.id, Asset.width, Asset.height).where(
        Asset.id.in_(ids), Asset.width.is_not(None), Asset.height.is_not(None)
    )
    return {row.id: (row.width, row.height) for row in session.execute(known)}
