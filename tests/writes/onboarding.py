"""Assessments, courses, certificates, calibration."""

from ops import clock_time
from quality import gold
from quality.models import Assessment, AttemptDoubt, Gold, GoldVersion
from quality.onboarding import (
    attempts,
    changes,
    course_steps,
    courses,
    exclusions,
    revisions,
)


def _begin(w):
    found = w.assessment()
    w.caller = w.labeller
    return w.post(f"/onboarding/assessments/{found.id}/begin")


def _answer(w):
    attempt = attempts.begin(w.session, w.assessment(), w.labeller)
    question = attempts.questions_of(w.session, attempt)[0]
    w.caller = w.labeller
    return w.post(f"/onboarding/take/{attempt.token}/{question.token}", data={"class": "a"})


def _course(address="", opened=True, **data):
    """A post to a course of two pages, or to the second of them."""

    def case(w):
        made = courses.create(w.session, w.project, {"title": "T"}, w.admin)
        page = {"title": "Look", "markdown": "Twice."}
        steps = [course_steps.add(w.session, made, "page", page, w.admin) for _ in range(2)]
        if opened:
            courses.open_it(w.session, made, w.admin)
        home = f"/onboarding/training/{made.id}"
        return w.post(home + address.format(step=steps[1].id), data=data)

    return case


def _learn(w):
    made = courses.create(w.session, w.project, {"title": "T"}, w.admin)
    page = {"title": "Look", "markdown": "Twice."}
    step = course_steps.add(w.session, made, "page", page, w.admin)
    courses.open_it(w.session, made, w.admin)
    w.caller = w.labeller
    return w.post(f"/training/{made.id}/steps/{step.id}")


def _taken(w):
    """An attempt that is over, and the gold that it asked."""
    attempt = attempts.begin(w.session, w.assessment(), w.labeller)
    for question in attempts.questions_of(w.session, attempt):
        attempts.answer(w.session, attempt, question.token, {"class": "a"})
    version = w.session.get_one(GoldVersion, question.gold_version_id)
    w.session.commit()
    return attempt, w.session.get_one(Gold, version.gold_id)


def _attempt(deed, **data):
    return lambda w: w.post(f"/onboarding/attempts/{_taken(w)[0].id}/{deed}", data=data)


def _take_out(w):
    attempt, asked = _taken(w)
    assessment = w.session.get_one(Assessment, attempt.assessment_id)
    seen = changes.fingerprint(exclusions.without(w.session, assessment, asked.id))
    return w.post(
        f"/onboarding/assessments/{assessment.id}/items/{asked.id}",
        data={"reason": "wrong", "seen": seen},
    )


def _question(w):
    attempt, asked = _taken(w)
    return w.post(f"/onboarding/assessments/{attempt.assessment_id}/items/{asked.id}/question")


def _score_anew(w):
    attempt, asked = _taken(w)
    gold.revise(w.session, w.project, asked, [{"class": "b"}], None, reason="wrong")
    assessment = w.session.get_one(Assessment, attempt.assessment_id)
    seen = changes.fingerprint(revisions.anew(w.session, assessment, asked))
    w.session.commit()
    return w.post(
        f"/onboarding/assessments/{assessment.id}/items/{asked.id}/anew", data={"seen": seen}
    )


def _settle_doubt(w):
    attempt, _ = _taken(w)
    evidence = {"ratio": 0.2, "distance": -5, "questions": 9}
    doubt = AttemptDoubt(
        attempt_id=attempt.id, kind="too_fast", evidence=evidence, at=clock_time.now()
    )
    w.session.add(doubt)
    w.session.commit()
    return w.post(f"/onboarding/attempts/{attempt.id}/doubts/{doubt.id}")


def _nest(w):
    w.project.settings = {**w.project.settings, "nesting": {"on": True}}
    nested = {"deed": "demote", "who": w.labeller.id, "reason": "Ada Private asks for it"}
    return w.post(f"/onboarding/calibration/{w.project.id}", data=nested)


def _certify(w):
    terms = {"deed": "grant", "level": "1", "valid_until": "2999-01-01", "reason": "r"}
    who = {"who": [w.labeller.id], "skill": w.project.skill_id}
    return w.post("/onboarding/certificates", data={**terms, **who})


def _assess(w):
    w.assessment()
    form = {
        "project": w.project.id, "title": "T", "questions": 1, "minutes": 5, "attempts": 1,
        "level": 1, "valid_days": 9, "pass_percent": 50,
    }  # fmt: skip
    return w.post("/onboarding/assessments/new", data=form)


CASES = {
    "calibration.move": _nest,
    "certificates.change": _certify,
    "certificates.change_skill": lambda w: w.post(
        f"/onboarding/certificates/skills/{w.project.skill_id}",
        data={"requalify_below": "80", "requalify_days": "7"},
    ),
    "assessing.add": _assess,
    "assessing.take_out": _take_out,
    "assessing.question": _question,
    "assessing.score_anew": _score_anew,
    "attempts.void": _attempt("void", reason="because"),
    "attempts.again": _attempt("again"),
    "attempts.settle": _settle_doubt,
    "assessing.set_open": lambda w: w.post(
        f"/onboarding/assessments/{w.assessment().id}/open", data={"open": "0"}
    ),
    "onboarding.begin": _begin,
    "onboarding.answer": _answer,
    "courses.add": lambda w: w.post(
        "/onboarding/training/new",
        data={"project": w.project.id, "title": "T", "purpose": "", "pass_percent": "80"},
    ),
    "courses.change": _course(title="U", purpose="", pass_percent="70"),
    "courses.set_state": _course("/state", opened=False, state="open"),
    "courses.set_required": _course("/required", required_of="everybody"),
    "courses.add_step": _course("/steps/new", kind="page", title="More", markdown="More."),
    "courses.change_step": _course("/steps/{step}/edit", title="Look", markdown="Thrice."),
    "courses.move_step": _course("/steps/{step}/move", way="up"),
    "courses.retire_step": _course("/steps/{step}/retire"),
    "training.answer": _learn,
}  # fmt: skip
