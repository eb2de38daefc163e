"""The assets that a project has already, by external id or by the stem of one."""

from pathlib import PurePosixPath
from typing import NamedTuple

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session

from ops.models import Asset


class Known(NamedTuple):
    """An asset that the project has; width and height in px, None where nobody has measured it."""

    external_id: str
    width: int | None
    height: int | None


class Assets:
    """Looks assets up, once they are loaded: rows are read while a COPY holds the connection."""

    def __init__(self, session: Session, project_id: int):
        self.session, self.project_id = session, project_id
        self._names: dict[str, tuple[int | None, int | None, int | None]] = {}
        self._stems: dict[str, str | None] = {}

    def load(self) -> None:
        """Read them all; again changes nothing."""
        if self._names:
            return
        length = func.length(Asset.text, type_=Integer)
        rows = self.session.execute(
            select(Asset.external_id, Asset.width, Asset.height, length).where(
                Asset.project_id == self.project_id
            )
        )
        self._names = {row[0]: (row[1], row[2], row[3]) for row in rows}
        for name in self._names:
            stem = _stem(name)
            self._stems[stem] = None if stem in self._stems else name

    def find(self, name: str) -> Known | None:
        """The asset with this external id, or the only one whose id is it but for a suffix."""
        names = self._names
        found = name if name in names else self._stems.get(_stem(name))
        if found is None:
            found = self._stems.get(name)
        if found is None:
            return None
        width, height, _ = names[found]
        return Known(found, width, height)

    def size(self, external_id: str) -> tuple[int, int] | None:
        """Width and height (px) of the asset with exactly this external id, where known."""
        width, height, _ = self._names.get(external_id, (None, None, None))
        return (width, height) if width and height else None

    def length(self, external_id: str) -> int | None:
        """Characters of the text with exactly this external id; None for a picture."""
        return self._names.get(external_id, (None, None, None))[2]

    def has(self, external_id: str) -> bool:
        """Whether there is an asset with exactly this external id."""
        return external_id in self._names


def _stem(name: str) -> str:
    """The name without the suffix of a file."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.name else name
