"""Who applied in the two weeks of the demonstration, and how far they came; all of it invented."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from ops.demo.client import Client
from ops.errors import TouchstoneError

TEXT = """Read handwritten digits in the boxes of an archive, one picture at a time.

- 10 to 30 hours a week, when it suits you
- paid for each label, sooner or later reviewed
"""
KENYA, INDIA = ("Kenya", "Africa/Nairobi"), ("India", "Asia/Kolkata")
PERU, POLAND = ("Peru", "America/Lima"), ("Poland", "Europe/Warsaw")
# Name, where from, day of the application, and on which day they came where and why.
FATES = (
    ("Wanjiru Kamau", KENYA, 0, ((1, "Screened", ""), (2, "Interview", ""), (5, "Assessment", ""))),
    ("Anil Deshpande", INDIA, 0, ((1, "Screened", ""), (3, "Left", "Four hours a week"))),
    ("Mateo Rodríguez", PERU, 0, ((2, "Screened", ""), (4, "Interview", ""))),
    ("Zofia Wójcik", POLAND, 1, ((2, "Screened", ""), (3, "Interview", ""), (6, "Training", ""))),
    ("Otieno Ouma", KENYA, 2, ((3, "Screened", ""), (8, "Interview", ""), (9, "Left", "Withdrew"))),
    ("Lakshmi Nair", INDIA, 3, ((4, "Screened", ""), (6, "Interview", ""), (8, "Assessment", ""))),
    ("Rosa Quispe", PERU, 4, ((5, "Left", "No computer of their own"),)),
    ("Jan Kowalczyk", POLAND, 5, ((7, "Screened", ""),)),
    ("Rodriguez Mateo", PERU, 6, ()),
    ("Priya Menon", INDIA, 7, ((8, "Screened", ""), (11, "Interview", ""))),
    ("Achieng Odhiambo", KENYA, 9, ((11, "Screened", ""),)),
    ("Kacper Nowicki", POLAND, 11, ()),
    ("Luz Huamán", PERU, 12, ()),
    ("Deepa Iyer", INDIA, 13, ()),
)
HOURS = (10, 20, 30)


@dataclass
class Hiring:
    """An opening of a project and what becomes of it; `day` is called as the days go by."""

    manager: Client
    link: str = ""
    done: set[tuple[str, int]] = field(default_factory=set)

    def begin(self, project: int) -> None:
        """Make the opening."""
        page = self.manager.page("/onboarding/openings/new") or ""
        agreed = re.search(r'name="consent"[^>]*>\s*([^<]+)<', page)
        fields = {
            "title": "Reader of digits",
            "markdown": TEXT,
            "languages": "English, Spanish",
            "consent": agreed.group(1) if agreed else "",
            "project": str(project),
        }
        path = self.manager.form("/onboarding/openings/new", list(fields.items()))
        found = re.search(r'href="(/apply/[^"]+)"', self.manager.page(path) or "")
        if found is None:
            raise TouchstoneError("the opening shows no link")
        self.link = found.group(1)

    def day(self, today: int) -> None:
        """Whoever applies or is moved by this day, and was not yet."""
        deeds = [(day, n, step) for n, fate in enumerate(FATES) for day, step in _deeds(fate)]
        for day, n, step in sorted(deeds):
            name = FATES[n][0]
            if day <= today and (name, step) not in self.done:
                self.done.add((name, step))
                if step == 0:
                    self._apply(n)
                else:
                    self._move(name, *FATES[n][3][step - 1][1:])

    def _apply(self, n: int) -> None:
        name, (country, zone), _, _ = FATES[n]
        fields = [
            ("client_key", f"demonstration-{n:04}"),
            ("name", name),
            ("email", f"applicant{n}@floor.example"),
            ("country", country),
            ("timezone", zone),
            ("languages", "Spanish" if country == "Peru" else "English"),
            ("equipment", "Computer with keyboard and mouse"),
            ("hours_per_week", str(HOURS[n % 3])),
            ("days", "Monday"),
            ("days", "Thursday"),
            ("consent", "1"),
        ]
        self.manager.form(self.link, fields)

    def _move(self, name: str, stage: str, reason: str) -> None:
        (one,) = self.manager.get(f"/api/v1/applicants?q={quote(name)}")["applicants"]
        move = {"to": stage, "expected": one["stage"], "reason": reason}
        self.manager.post(f"/api/v1/applicants/{one['id']}/move", move)


def _deeds(
    fate: tuple[str, tuple[str, str], int, tuple[tuple[int, str, str], ...]],
) -> list[tuple[int, int]]:
    """(day, step) of the application, which is step 0, and of every move."""
    _, _, applied, moves = fate
    return [(applied, 0), *((day, n) for n, (day, _, _) in enumerate(moves, 1))]
