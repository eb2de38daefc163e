"""The demonstration's course: made by the manager, done by some before the assessment."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ops.demo.client import Client
from ops.demo.digits import fingerprint
from ops.demo.floor import Floor
from ops.demo.people import Reader
from ops.errors import TouchstoneError

PAGE = """Say which digit the **writer meant**, not which one the strokes happen to resemble.

- A straight stroke, with or without a foot, is a **1**; a bar across the stem makes a **7**.
- An open top is a **4**, a closed loop at the top a **9**.
"""
WHY = "Follow the stroke from where the pen was set down."
QUIZ = (
    ("What makes it a seven?", ("A bar across the stem", "A foot under the stem", "A loop"), 0),
    ("Two readings are equally likely. What do you do?",
     ("Skip it", "Ask a colleague", "Choose the likelier one"), 2),
)  # fmt: skip
SECONDS = {"page": 35.0, "example": 18.0, "practice": 12.0, "quiz": 40.0}


@dataclass
class Lessons:
    """Makes a course on the project's page and lets readers do it; `clients` by e-mail."""

    manager: Client
    clients: Mapping[str, Client]
    floor: Floor

    def __post_init__(self) -> None:
        self.known = self.floor.digits.by_content()

    def teach(self, project: int, readers: Sequence[Reader]) -> None:
        """A course of five steps, done by `readers`; the last of them leaves off half way.

        It is required of those who join the project from then on.
        """
        home = self._made(project)
        rng = np.random.default_rng(11)
        steps = self._steps(home)
        for reader in readers:
            own = replace(reader)  # what is read here teaches nothing about pace
            done = steps[:2] if reader is readers[-1] else steps
            self._learn(self.clients[reader.email], own, home.rpartition("/")[2], done, rng)
        self.manager.form(f"{home}/required", [("required_of", "newcomers")])

    def _made(self, project: int) -> str:
        fields = {
            "title": "Which digit is it?",
            "purpose": "Before the assessment: what tells the digits apart.",
            "project": str(project),
            "pass_percent": "75",
        }
        home = self.manager.form("/onboarding/training/new", list(fields.items()))
        self._add(home, kind="page", title="What the writer meant", markdown=PAGE)
        self._add(home, kind="example", title="Look at the stroke", markdown=WHY, gold="0.1")
        for title, place in (("Your turn", "0.4"), ("Once more", "0.95")):
            self._add(home, kind="practice", title=title, markdown=WHY, gold=place)
        asked: dict[str, str] = {"questions": str(len(QUIZ))}
        for i, (question, choices, right) in enumerate(QUIZ):
            asked |= {f"q{i}": question, f"choices{i}": str(len(choices)), f"q{i}r{right}": "1"}
            asked |= {f"q{i}c{j}": words for j, words in enumerate(choices)}
        self._add(home, kind="quiz", title="What you know now", **asked)
        self.manager.form(f"{home}/state", [("state", "open")])
        return home

    def _add(self, home: str, **fields: str) -> None:
        """A step; `gold` is how far down the list of what is offered it stands, from 0 to 1."""
        if "gold" in fields:
            page = self.manager.page(f"{home}/steps/new?kind={fields['kind']}") or ""
            offered = re.findall(r'name="gold" value="(\d+)"', page)
            if not offered:
                raise TouchstoneError("there is no gold to show in a course")
            fields["gold"] = offered[int(float(fields["gold"]) * len(offered))]
        self.manager.form(f"{home}/steps/new", list(fields.items()))

    def _steps(self, home: str) -> list[str]:
        page = self.manager.page(home) or ""
        return list(dict.fromkeys(re.findall(r"/steps/(\d+)/preview", page)))

    def _learn(
        self, client: Client, reader: Reader, course: str, steps: Sequence[str], rng: Any
    ) -> None:
        for step in steps:
            at = f"/training/{course}/steps/{step}"
            self._wait(reader, client.page(at) or "", rng)
            client.form(at, self._answer(client, reader, at, rng))
            if "data-again" in (client.page(at) or ""):
                self._wait(reader, client.page(f"{at}?again=1") or "", rng)
                client.form(at, self._answer(client, reader, at, rng))

    def _wait(self, reader: Reader, page: str, rng: Any) -> None:
        kind = next((k for k in SECONDS if f'data-step="{k}"' in page), "page")
        seconds = SECONDS[kind] * reader.pace * float(rng.lognormal(0.0, 0.4))
        self.floor.time.set(self.floor.time() + seconds)

    def _answer(self, client: Client, reader: Reader, at: str, rng: Any) -> list[tuple[str, str]]:
        page = client.page(f"{at}?again=1") or ""
        if 'data-step="practice"' in page:
            seen = self.known[fingerprint(client.data(f"{at}/medium"))]
            read, _ = reader.reads(self.floor.digits, seen, rng)
            return [("label", json.dumps({"class": read}))]
        if 'data-step="quiz"' in page:
            knows = 0.6 + 0.35 * (reader.sharpness > 1.4)
            return [
                (f"q{i}", str(right if rng.random() < knows else (right + 1) % len(choices)))
                for i, (_, choices, right) in enumerate(QUIZ)
            ]
        return []
