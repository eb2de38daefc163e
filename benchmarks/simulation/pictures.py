"""Two drawings of the simulated floor: paths of evidence, and accuracy against answers used."""

import math
from pathlib import Path

import numpy as np

from benchmarks import floor
from benchmarks.simulation.engine import Outcome, Plan, simulate
from benchmarks.simulation.people import Setting

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 62, 34, 616, 308
INK, GREY, WORDS, RED, BLUE = "#1f2933", "#9aa5b1", "#52606d", "#b42318", "#1d5fa8"
SEEDS, ASSETS = 4, 8000
FIXED = (1, 2, 3, 4, 5, 6, 7)
TARGETS = (0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995)


def draw(folder: Path) -> None:
    """Write floor_paths.svg and floor_overlap.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    run = simulate(Setting(answers_each=60), Plan(floor.overlap(5, 5)), 0)
    (folder / "floor_paths.svg").write_text(paths(run), encoding="utf-8")
    plans = [(n, n, 0.9) for n in FIXED] + [(2, 10, target) for target in TARGETS]
    jobs = [(plan, seed) for plan in plans for seed in range(SEEDS)]
    found = floor.in_parallel(spent, jobs, "overlaps")
    means = np.array(found).reshape(len(plans), SEEDS, 2).mean(axis=1)
    picture = overlaps(means[: len(FIXED)], means[len(FIXED) :])
    (folder / "floor_overlap.svg").write_text(picture, encoding="utf-8")


def spent(terms: tuple[int, int, float], seed: int) -> tuple[float, float]:
    """Answers an asset and the error of the consensus."""
    run = simulate(Setting(), Plan(floor.overlap(*terms), assets=ASSETS), seed)
    return run.answers_used / ASSETS, 1 - float(run.correct.mean())


def paths(run: Outcome) -> str:
    """Evidence after each observation: all spammers, and some of the good labellers."""
    most, low, high = 40, -8.0, 8.0
    bad, good = np.flatnonzero(run.people.bad), np.flatnonzero(~run.people.bad)[:30]
    limit = math.log(100)

    def line(path: np.ndarray, colour: str, ends: int) -> str:
        shown = np.concatenate([[0.0], path[: min(most, ends if ends > 0 else most)]])
        points = " ".join(
            f"{_x(i, 0, most):.1f},{_y(float(np.clip(v, low, high)), low, high):.1f}"
            for i, v in enumerate(shown)
        )
        return (
            f'<polyline points="{points}" fill="none" stroke="{colour}" '
            f'stroke-width="1.3" stroke-opacity=".75"/>'
        )

    marks = [line(run.paths[i], GREY, -1) for i in good]
    marks += [line(run.paths[i], RED, int(run.stopped_at[i])) for i in bad]
    y = _y(limit, low, high)
    marks.append(
        f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" '
        'stroke-dasharray="5 4"/>'
    )
    marks.append(_text(RIGHT, y - 6, "stopped: evidence 100 : 1", "end"))
    marks.append(_text(LEFT + 8, BOTTOM - 10, "good labellers (30 of 190)", "start", WORDS))
    marks.append(_text(LEFT + 150, _y(6.6, low, high), "spammers (10)", "start", RED))
    ticks = [(_x(i, 0, most), str(i)) for i in range(0, most + 1, 10)]
    sides = [(_y(math.log(v), low, high), name) for v, name in _ODDS]
    return _page(
        "Evidence against each labeller, four classes", marks, ticks, sides,
        "observations (gold or agreement)", "evidence",
    )  # fmt: skip


_ODDS = ((0.001, "1 : 1000"), (0.01, "1 : 100"), (0.1, "1 : 10"), (1, "1 : 1"), (10, "10 : 1"),
         (100, "100 : 1"), (1000, "1000 : 1"))  # fmt: skip


def overlaps(fixed: np.ndarray, dynamic: np.ndarray) -> str:
    """Error of the consensus against answers an asset, the error on a logarithmic scale."""
    # The error falls upwards.
    most, low, high = 7.5, math.log(0.2), math.log(0.001)
    marks = []
    for rows, colour in ((fixed, BLUE), (dynamic, RED)):
        places = [(_x(n, 0, most), _y(math.log(max(e, 1e-4)), low, high)) for n, e in rows]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        marks.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        )
        marks += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}">'
            f"<title>{n:.2f} answers an asset: {100 * (1 - e):.2f} %</title></circle>"
            for (x, y), (n, e) in zip(places, rows, strict=True)
        ]
    marks.append(_text(LEFT + 300, TOP + 200, "fixed overlap, 1 to 7", "start", BLUE))
    marks.append(_text(LEFT + 300, TOP + 220, "dynamic, 2 to 10, target .90 to .995", "start", RED))
    ticks = [(_x(n, 0, most), str(n)) for n in range(8)]
    errors = (0.1, 0.03, 0.01, 0.003, 0.001)
    sides = [(_y(math.log(e), low, high), f"{100 - 100 * e:g} %") for e in errors]
    return _page(
        "Accuracy of the consensus against answers used, four classes", marks, ticks, sides,
        "answers an asset", "accuracy",
    )  # fmt: skip


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (value - low) / (high - low) * (RIGHT - LEFT)


def _y(value: float, low: float, high: float) -> float:
    return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)


def _text(x: float, y: float, words: str, anchor: str = "middle", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


def _page(
    title: str,
    marks: list[str],
    ticks: list[tuple[float, str]],
    sides: list[tuple[float, str]],
    below: str,
    beside: str,
) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{title}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 20, title, "start"),
    ]
    for y, name in sides:
        lines.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e7eb"/>')
        lines.append(_text(LEFT - 6, y + 4, name, "end"))
    lines += [_text(x, BOTTOM + 18, name) for x, name in ticks]
    lines += [*marks, _text((LEFT + RIGHT) / 2, BOTTOM + 40, below)]
    lines += [_text(LEFT - 6, 20, beside, "end", WORDS), "</svg>"]
    return "\n".join(lines) + "\n"
