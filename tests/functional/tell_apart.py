"""All that a labeller can learn of each piece of work, as numbers, and a classifier on them."""

import re
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
# New with every answer, and of the clock on the wall.
RANDOM = ("Set-Cookie", "Date")
# Of how many pieces before a piece its features are shown as well.
BACK = 2

Features = dict[str, float]


def heard(name: str, answer: Any, at: datetime, statements: int) -> Features:
    """One answer as features: status, every header, every field, and the statements behind it."""
    found: Features = {f"{name}.status": answer.status_code, f"{name}.statements": statements}
    for header, value in answer.headers.items():
        if header not in RANDOM:
            found[f"{name}.header.{header}"] = len(value)
    body = answer.get_data()
    found[f"{name}.bytes"] = len(body)
    if answer.is_json:
        found |= _flat(f"{name}.json", answer.json, at)
    return found


def _flat(name: str, value: Any, at: datetime) -> Features:
    match value:
        case dict():
            return {
                k: v for key in value for k, v in _flat(f"{name}.{key}", value[key], at).items()
            }
        case list():
            found = {f"{name}.length": float(len(value))}
            for i, one in enumerate(value[:4]):
                found |= _flat(f"{name}.{i}", one, at)
            return found
        case bool() | int() | float():
            return {name: float(value)}
        case str():
            return _text(name, value, at)
    return {name: -1.0}


def _text(name: str, value: str, at: datetime) -> Features:
    if TOKEN.fullmatch(value):
        digits = value.replace("-", "")
        return {f"{name}.{i}": float(int(digit, 16)) for i, digit in enumerate(digits)}
    if TIME.fullmatch(value):
        said = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return {f"{name}.from_now": (said - at).total_seconds()}
    rest = TOKEN.sub("", value)
    return {f"{name}.length": float(len(rest)), f"{name}.sum": float(zlib.crc32(rest.encode()))}


class Piece(NamedTuple):
    """A piece of work as it was met: its token, its features, the seconds each answer took.

    `came_back` says that it lay on the desk already, as the labeller knows: `next` then looks at
    what is held, which takes more statements whatever it is.
    """

    token: str
    features: Features
    seconds: dict[str, float]
    came_back: bool = False


class Watch:
    """Calls the desk and notes what each answer tells; the clock is the test's own."""

    def __init__(self, client: Any, statements: list[str], now: Callable[[], datetime]):
        self.client, self.statements, self.now = client, statements, now
        self.features: Features = {}
        self.seconds: dict[str, float] = {}
        self.met: set[str] = set()

    def __call__(self, name: str, method: str, path: str, **more: Any) -> Any:
        before, began = len(self.statements), time.perf_counter()
        answer = getattr(self.client, method)(path, **more)
        self.seconds[name] = time.perf_counter() - began
        count = len(self.statements) - before
        self.features |= heard(name, answer, self.now(), count)
        answer.close()  # what the server does when the answer is out, nobody waits for
        return answer

    def done(self, token: str) -> Piece:
        """The piece that the calls since the last one were about."""
        piece = Piece(token, self.features, self.seconds, token in self.met)
        self.features, self.seconds = {}, {}
        return piece

    def ahead(self, token: str) -> None:
        """A piece that was given ahead: the next `next` may give it again."""
        self.met.add(token)


def table(pieces: list[Piece]) -> tuple[np.ndarray, list[str]]:
    """Pieces as rows: their own features, those before them, the steps from one to the next."""
    names = sorted({name for piece in pieces for name in piece.features})
    own = np.array([[piece.features.get(name, -9.0) for name in names] for piece in pieces])
    own, names = _beside_their_like(pieces, own, names)
    parts, columns = [own], list(names)
    for back in range(1, BACK + 1):
        shifted = np.vstack([np.repeat(own[:1], back, axis=0), own[:-back]])
        parts += [shifted, own - shifted]
        columns += [f"{name} ({back} before)" for name in names]
        columns += [f"{name} (since {back} before)" for name in names]
    place = np.arange(len(pieces), dtype=float)
    parts.append(np.column_stack([place, *(place % n for n in (2, 3, 5, 8))]))
    columns += ["place", *(f"place mod {n}" for n in (2, 3, 5, 8))]
    whole = np.hstack(parts)
    varies = np.ptp(whole, axis=0) > 0
    _, first = np.unique(whole[:, varies], axis=1, return_index=True)
    kept = np.flatnonzero(varies)[np.sort(first)]
    return whole[:, kept], [columns[i] for i in kept]


def _beside_their_like(
    pieces: list[Piece], own: np.ndarray, names: list[str]
) -> tuple[np.ndarray, list[str]]:
    """The same, and how many statements more each answer took than the fewest for such a piece.

    The fewest, not the median: where half is gold, the median is now that of gold, now of work.
    """
    again = np.array([piece.came_back for piece in pieces])
    counts = [i for i, name in enumerate(names) if name.endswith(".statements")]
    more = own[:, counts].copy()
    for like in (again, ~again):
        if like.any():
            more[like] -= own[np.ix_(like, counts)].min(axis=0)
    told = [f"{names[i]} beyond the fewest" for i in counts]
    return np.hstack([own, again[:, None], more]), [*names, "came back", *told]


class Verdict(NamedTuple):
    """Cross-validated AUC beside what permuted truths give (mean, deviation), and the feature that
    alone tells most, with its p-value after Bonferroni."""

    auc: float
    mean: float
    sd: float
    best: str
    p: float

    @property
    def told_apart(self) -> bool:
        """Beyond 3.3 deviations of what chance gives, or by one feature at 1 in 1,000."""
        return self.auc > self.mean + 3.3 * self.sd or self.p < 0.001

    def __str__(self) -> str:
        low, high = self.mean - 1.96 * self.sd, self.mean + 1.96 * self.sd
        return (
            f"AUC {self.auc:.3f}; of permuted truths 95 % lie in {low:.3f}–{high:.3f}. "
            f"The best single feature is {self.best} (p = {self.p:.3f} after Bonferroni)"
        )


def tell_apart(
    rows: np.ndarray, columns: list[str], gold: np.ndarray, permuted: int = 30
) -> Verdict:
    """How well gold is told from work by these features (pieces × features)."""
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(1)
    found = _auc(rows, gold)
    chance = [_auc(rows, rng.permutation(gold)) for _ in range(permuted)]
    p = mannwhitneyu(rows[gold], rows[~gold], axis=0).pvalue * len(columns)
    best = int(np.nanargmin(p))
    mean, sd = float(np.mean(chance)), float(np.std(chance))
    return Verdict(found, mean, sd, columns[best], min(float(p[best]), 1.0))


def _auc(rows: np.ndarray, gold: np.ndarray) -> float:
    """By ExtraTreesClassifier(60, min_samples_leaf=3, max_features=0.1) and five folds.

    The same trees one by one: a forest spends as long on each beside as on growing it.
    """
    import sklearn
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from sklearn.tree import ExtraTreeClassifier

    seen, truth = rows.astype(np.float32), gold.astype(float)[:, None]
    said = np.zeros(len(gold))
    with sklearn.config_context(skip_parameter_validation=True):
        for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(seen, gold):
            known, right, asked = seen[train], truth[train], seen[test]
            seeds = np.random.RandomState(0).randint(np.iinfo(np.int32).max, size=60)
            for seed in seeds:
                tree = ExtraTreeClassifier(min_samples_leaf=3, max_features=0.1, random_state=seed)
                said[test] += tree.fit(known, right, check_input=False).tree_.predict(asked)[:, 1]
    return float(roc_auc_score(gold, said))


def medians(pieces: list[Piece], gold: np.ndarray) -> Iterator[tuple[str, float, float]]:
    """(call, median ms of gold, median ms of work): to be told, not asserted."""
    for name in pieces[0].seconds:
        took = np.array([piece.seconds.get(name, np.nan) * 1000 for piece in pieces])
        yield name, float(np.nanmedian(took[gold])), float(np.nanmedian(took[~gold]))
