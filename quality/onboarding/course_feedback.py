"""What an answer to a step is worth, and what was right and what not, in plain words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from ops import labels, ontologies, pictures
from ops.errors import TouchstoneError
from ops.models import Asset, OntologyVersion, Project
from quality.gold_answers import credit, label_of
from quality.judging.alike import Yardstick, size_of, yardstick
from quality.models import Course, CourseStep
from quality.onboarding import course_gold, course_quiz
from quality.onboarding.course_quiz import QuestionTold

# At most so many things that are wrong are said in words; the picture shows all of them.
MOST_SAID = 8


class Judged(NamedTuple):
    """An answer as it is kept, and how much of it is right, 0 … 1; None where nothing is asked."""

    answer: dict[str, Any] | None
    correct: float | None


def judge(session: Session, course: Course, step: CourseStep, given: Any) -> Judged:
    """Check and weigh an answer: a label (practice), {"chosen": [[place, …], …]} (quiz).

    Raises InvalidInput naming the field.
    """
    if step.kind == "quiz":
        said = given.get("chosen") if isinstance(given, Mapping) else None
        chosen = course_quiz.chosen(step.content, said)
        return Judged({"chosen": chosen}, course_quiz.share_right(step.content, chosen))
    if step.kind == "practice":
        return _practice(session, course, step, given)
    return Judged(None, None)


def _practice(session: Session, course: Course, step: CourseStep, given: Any) -> Judged:
    project = session.get_one(Project, course.project_id)
    known = course_gold.known(session, step)
    _measure(session, known.asset)
    size = size_of(known.asset)
    length = len(known.asset.text) if known.asset.text is not None else None
    ontology = ontologies.current(session, project.id) or OntologyVersion(classes=[])
    checked = labels.check(project.label_type, ontology, given, size=size, length=length)
    label = labels.content(checked)
    return Judged(label, credit(known.answers, label, yardstick(session, project), size))


def _measure(session: Session, asset: Asset) -> None:
    """Its size in px, by which shapes are checked; one that cannot be read is not measured."""
    if asset.uri is None or asset.width is not None:
        return
    try:
        pictures.size(session, asset.id)
        session.refresh(asset, ["width", "height"])
    except (TouchstoneError, OSError):
        return


class Told(NamedTuple):
    """Feedback on an answer. `wrong` are the things that are, in words; `label` what was answered
    and `accepted` the label it is held against (practice); `questions` of a quiz."""

    correct: float
    headline: str
    wrong: list[str]
    label: dict[str, Any] | None = None
    accepted: dict[str, Any] | None = None
    said: str = ""
    accepted_words: str = ""
    questions: tuple[QuestionTold, ...] = ()

    @property
    def right(self) -> bool:
        """Whether all of it is right."""
        return self.correct >= 1 - 1e-9


def tell(session: Session, course: Course, step: CourseStep, judged: Judged) -> Told:
    """What to say of an answer that `judge` weighed."""
    assert judged.correct is not None
    assert judged.answer is not None
    if step.kind == "quiz":
        return _of_quiz(step, judged.answer["chosen"], judged.correct)
    project = session.get_one(Project, course.project_id)
    known = course_gold.known(session, step)
    ontology = ontologies.current(session, project.id)
    stick, size = yardstick(session, project), size_of(known.asset)
    best = max(known.answers, key=lambda one: credit([one], judged.answer or {}, stick, size))
    accepted = label_of(best)

    def say(label: dict[str, Any]) -> str:
        return labels.in_words(project.label_type, label, ontology)

    return Told(
        judged.correct,
        _headline(judged.correct),
        differences(project.label_type, judged.answer, accepted, stick, size),
        judged.answer,
        accepted,
        say(judged.answer),
        " · or: ".join(dict.fromkeys([say(accepted), *_others(known.answers, say)])),
    )


def _others(answers: list[dict[str, Any]], say: Any) -> list[str]:
    return [say(label_of(one)) for one in answers if "credit" not in one]


def _headline(correct: float) -> str:
    if correct >= 1 - 1e-9:
        return "Right."
    if correct <= 0:
        return "Not right yet."
    return f"Partly right: worth {100 * correct:.0f} % of a right answer."


def _of_quiz(step: CourseStep, chosen: list[list[int]], correct: float) -> Told:
    told = tuple(course_quiz.told(step.content, chosen))
    n, right = len(told), sum(one.right for one in told)
    if right == n:
        headline = "Right." if n == 1 else f"All {n} right."
    else:
        headline = "Not right yet." if n == 1 else f"{right} of {n} right."
    return Told(correct, headline, [], questions=told)


def differences(
    label_type: str,
    given: dict[str, Any],
    accepted: dict[str, Any],
    stick: Yardstick,
    size: tuple[int, int] | None = None,
) -> list[str]:
    """What of `given` differs from the accepted label, by the names that the ontology gives.

    At most `MOST_SAID` differences, and how many more there are. `size` of the picture in px.
    """
    if labels.content(given) == labels.content(accepted):
        return []
    from quality.measures.likeness import compare

    named, terms = _Named(stick.ontology), stick.terms(size=size)
    if isinstance(terms.sigmas, dict):
        terms = terms._replace(sigmas={named.of(key): s for key, s in terms.sigmas.items()})
    found = compare(label_type, named(given), named(accepted), terms)
    said = [_plain(error.words) for error in found.errors]
    return said[:MOST_SAID] + ([f"and {len(said) - MOST_SAID} more"] if said[MOST_SAID:] else [])


def _plain(words: str) -> str:
    """As said to a labeller: what is known is the accepted answer, not the truth."""
    said = words.replace("where the truth is", "where the accepted answer is")
    said = said.replace("where the truth has it", "where the accepted answer has it")
    said = said.replace("the truth's", "the accepted answer's")
    return said[:1].upper() + said[1:]


class _Named:
    """Labels in which classes and attributes have their names in the place of their keys."""

    def __init__(self, ontology: OntologyVersion | None):
        self._classes = {c["key"]: c["name"] for c in (ontology.classes if ontology else [])}
        self._attributes = {a["key"]: a["name"] for a in (ontology.attributes if ontology else [])}
        if len(set(self._classes.values())) < len(self._classes):
            self._classes = {}  # names that two classes share would hide what differs

    def of(self, key: str) -> str:
        """The name of a class."""
        return self._classes.get(key, key)

    def __call__(self, label: dict[str, Any]) -> dict[str, Any]:
        found = self._one(label)
        for field in ("objects", "spans"):
            if field in label:
                found[field] = [self._one(one) for one in label[field]]
        if "tags" in label:
            found["tags"] = [self.of(tag) for tag in label["tags"]]
        if "preference" in label:
            found["preference"] = labels.in_words("preference", label)
        return found

    def _one(self, thing: dict[str, Any]) -> dict[str, Any]:
        found = dict(thing)
        if "class" in thing:
            found["class"] = self.of(thing["class"])
        if thing.get("attributes"):
            given = thing["attributes"].items()
            found["attributes"] = {self._attributes.get(k, k): _yes_no(v) for k, v in given}
        return found


def _yes_no(value: Any) -> Any:
    return ("no", "yes")[value] if isinstance(value, bool) else value
