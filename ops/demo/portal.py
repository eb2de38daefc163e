"""The demonstration's client: approves the guideline, answers a question, has one waiting."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.demo.client import Client
from ops.demo.digits import CLASSES, Digits, name_of
from ops.errors import TouchstoneError

ANSWERED = (
    "A stroke with a bar, but a foot as well: seven or two?",
    "Some sevens have a bar and a foot. Did your clerks write them so, or are these twos?",
    "They are sevens: the clerk of the twenties wrote them so.",
)
WAITING = (
    "Two digits in one box, one crossed out. Which counts?",
    "In some boxes a digit is crossed out and another written beside it. Which of them counts?",
)
ADDED = "\n- A seven may have a bar **and** a foot: the clerk of the twenties wrote it so.\n"
# An item of the first batch, which is delivered, whose digit the client knows.
KNOWN = 7


@dataclass
class Portal:
    """What passes between the `client`, the `lead` and the first of `askers` who has work."""

    client: Client
    lead: Client
    askers: Sequence[Client]
    digits: Digits

    def begin(self, project: int) -> None:
        """The first version of the guideline is approved."""
        word = {"version": 1, "word": "approved"}
        self.client.post(f"/api/v1/portal/projects/{project}/guideline/words", word)

    def ask(self, project: int, guideline: str) -> None:
        """A question goes to the client, whose answer the guideline takes in as a new version."""
        asked, passed, answer = ANSWERED
        number = self._passed_on(project, asked, passed)
        self.client.post(
            f"/api/v1/portal/questions/{number}/answer", {"body": answer, "key": "demo-answer"}
        )
        entry = {"markdown": guideline.rstrip() + ADDED}
        self.lead.put(f"/api/v1/projects/{project}/guideline", entry)
        self.lead.post(f"/api/v1/projects/{project}/issues/{number}/state", {"action": "resolve"})

    def end(self, project: int) -> None:
        """Another question waits for the client, and an answer that they know for a lead."""
        self._passed_on(project, *WAITING)
        known = {
            "external_id": name_of(KNOWN),
            "label": {"class": CLASSES[self.digits.truth[KNOWN]]},
            "remark": "It stands on the lid of the box as well.",
        }
        self.client.post(f"/api/v1/portal/projects/{project}/proposals", known)

    def _passed_on(self, project: int, asked: str, passed: str) -> int:
        asker, token = self._at_work(project)
        question = {"pin": {"at": "asset"}, "body": asked, "key": f"demo-{token[:8]}"}
        asker.post(f"/api/v1/desk/{token}/issues", question)
        asker.post(f"/api/v1/desk/{token}/release", {})
        listed = self.lead.get(f"/api/v1/projects/{project}/issues")["issues"]
        number = int(listed[0]["id"])
        self.lead.post(f"/api/v1/projects/{project}/issues/{number}/client", {"text": passed})
        return number

    def _at_work(self, project: int) -> tuple[Client, str]:
        for asker in self.askers:
            asked = {"tab": "demo", "project": project}
            if work := asker.post("/api/v1/desk/next", asked)["work"]:
                return asker, work["token"]
        raise TouchstoneError("nobody has work to ask about")
