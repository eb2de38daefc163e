"""The first ten minutes: what is still missing for work to go out, and where to settle it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops import answers_wanted, projects
from ops.labels import KINDS
from ops.models import Project
from scheduling.projects import facts
from scheduling.projects.facts import Facts

GOLD_ADVISED = 10


@dataclass(frozen=True)
class Step:
    """One line of the checklist. What is not `needed` is advised: work goes out without it."""

    key: str
    title: str
    done: bool
    message: str
    url: str
    action: str
    needed: bool = True


@dataclass(frozen=True)
class Missing:
    """Something without which no labeller gets a task."""

    key: str
    message: str
    url: str


def missing(session: Session, project: Project) -> list[Missing]:
    """What keeps the first task from going out; [] when some labeller would really get one."""
    return [Missing(s.key, s.message, s.url) for s in checklist(session, project) if blocks(s)]


def blocks(step: Step) -> bool:
    """Whether this step keeps work from going out."""
    return step.needed and not step.done


def checklist(session: Session, project: Project) -> list[Step]:
    """Every step of a project in the order in which one would take them."""
    return steps(project, facts.of(session, [project.id])[project.id])


def steps(project: Project, found: Facts) -> list[Step]:
    """The checklist of `project` from what was counted; no query."""
    wanted = answers_wanted.at_first(projects.settings_of(project))
    home = f"/projects/{project.id}"
    every = (
        _assets(project, found, home),
        _classes(project, found, home),
        _guideline(found, home),
        _people(found, home),
        _enough(found, wanted, home),
        _gold(found, home),
        _running(project, home),
    )
    return [step for step in every if step is not None]


def _assets(project: Project, found: Facts, home: str) -> Step:
    things = "pictures" if project.medium == "image" else "texts"
    url, action = f"{home}/import", f"Import {things}"
    if not found.has_assets:
        message = f"There is nothing to label yet: import {things} into a batch."
    elif not found.has_open_work:
        message = f"Every asset has its answers or is gold: import more {things}."
    elif not found.has_work_out:
        message, url, action = "Every batch with work left is paused.", f"{home}/batches", "Batches"
    else:
        message = f"There are {things} waiting to be labelled."
    return Step("assets", f"Import {things}", found.has_work_out, message, url, action)


def _classes(project: Project, found: Facts, home: str) -> Step:
    kind = KINDS[project.label_type]
    enough = found.defined and found.classes >= kind.least_classes
    message = f"{found.classes} classes to choose from." if found.classes else kind.words
    if not enough:
        message = f"The project has {projects.undefined(project)}: nothing could be answered."
    what = "classes" if kind.least_classes else "answer"
    url, action = f"{home}/classes", f"Edit {what}"
    return Step("classes", f"Define the {what}", enough, message, url, action)


def _guideline(found: Facts, home: str) -> Step:
    done = found.guideline is not None
    message = (
        f"Version {found.guideline} is in force."
        if done
        else "No guideline yet: say what each class means and what to do in doubt."
    )
    url = f"{home}/guideline"
    return Step("guideline", "Write the guideline", done, message, url, "Write guideline")


def _gold(found: Facts, home: str) -> Step:
    if found.gold >= GOLD_ADVISED:
        message = f"{found.gold} assets with a known answer are slipped into the work."
    else:
        message = (
            f"{found.gold} of {GOLD_ADVISED} advised assets with a known answer. Work goes out "
            "without gold, but nobody's accuracy can be shown."
        )
    done = found.gold >= GOLD_ADVISED
    return Step("gold", "Mark gold", done, message, f"{home}/gold", "Mark gold", needed=False)


def _people(found: Facts, home: str) -> Step:
    url, action = f"{home}/people", "Add labellers"
    done = found.has_new_work > 0
    if found.labellers == 0:
        message = "No labeller is a member yet."
    elif done:
        message = f"{_count(found.fitting)} may work here now."
    elif not found.has_work_out:
        # Without work there is nothing to fit: the assets are what is missing.
        message, done = f"{_count(found.labellers)} in the project.", True
    elif found.unpaused == 0:
        message, action = f"{_count(found.labellers)} in the project, all paused.", "People"
    elif found.certified == 0:
        message = f"None of {_count(found.unpaused)} holds a valid certificate of what is required."
        url, action = f"{home}/people#requirements", "Certificates and requirements"
    elif found.fitting == 0:
        message = f"None of {_count(found.certified)} has the attributes that the settings ask for."
        url, action = f"{home}/settings", "Settings"
    else:
        message = (
            f"{_count(found.fitting)} may work here, and had everything that is open: add more."
        )
    return Step("people", "Bring in labellers", done, message, url, action)


def _enough(found: Facts, wanted: int, home: str) -> Step | None:
    """Only worth a line once somebody may work."""
    done = found.fitting >= wanted
    if found.fitting == 0:
        return None
    message = (
        f"Each asset wants {wanted} answers, each by another labeller."
        if done
        else f"Each asset wants {wanted} answers by different labellers; only {found.fitting} may "
        "work here now. Work goes out, but assets stay unfinished: add labellers, or want fewer "
        "answers in the settings."
    )
    title = "Enough labellers for every answer"
    return Step("enough", title, done, message, f"{home}/people", "Add labellers", needed=False)


def _running(project: Project, home: str) -> Step:
    done = project.state == "running"
    message = {
        "running": "The project is running.",
        "draft": "The project has not been started.",
        "paused": "The project is paused: nobody gets new work.",
        "closed": "The project is closed.",
    }[project.state]
    return Step("running", "Start", done, message, f"{home}/start", "Start")


def _count(n: int) -> str:
    return "1 labeller" if n == 1 else f"{n} labellers"
