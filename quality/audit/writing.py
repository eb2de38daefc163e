"""The files of an audit. All are complete before any of them appears under its own name."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quality.audit.faults import BadFile
from quality.audit.findings import Findings
from quality.audit.reasons import asset_reasons, labeller_reasons
from quality.measures.classes import Rate
from quality.measures.consensus import DawidSkene
from quality.measures.flags import FALSE_DISCOVERY_RATE

if TYPE_CHECKING:
    import pyarrow as pa

Writer = Callable[[Path], None]


def write_all(folder: Path, found: Findings, page: str) -> None:
    """Write summary.json, the three tables and report.html; nothing of it stays on failure."""
    files: dict[str, Writer] = {
        "summary.json": lambda path: _text(path, json.dumps(summary(found), indent=2) + "\n"),
        "consensus.csv": lambda path: _table(path, consensus_table(found)),
        "labellers.csv": lambda path: _table(path, labeller_table(found)),
        "assets.csv": lambda path: _table(path, asset_table(found)),
        "report.html": lambda path: _text(path, page),
    }
    created = not folder.exists()
    partial = {name: folder / f".{name}.partial" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in files.items():
            write(partial[name])
        for name in files:
            partial[name].replace(folder / name)
    except OSError as error:
        raise BadFile(f"{folder}: cannot write: {error.strerror}", field="--out") from error
    finally:
        for path in partial.values():
            if path.parent.is_dir():
                path.unlink(missing_ok=True)
        if created and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def summary(found: Findings) -> dict[str, Any]:
    """The figures of summary.json; what is undefined is null."""
    answers, alpha = found.answers, found.alpha
    model = _rate(found.model_rate) | {
        "model": "dawid_skene" if isinstance(found.model, DawidSkene) else "one_coin",
        "rounds": found.model.rounds,
    }
    return {
        "answers": answers.rows,
        "repeated_answers": answers.repeated,
        "assets": len(answers.assets),
        "labellers": len(answers.labellers),
        "classes": found.n_classes,
        "krippendorff_alpha": _known(alpha.value),
        "krippendorff_alpha_interval": [_known(alpha.low), _known(alpha.high)],
        "percent_agreement": _known(found.percent.value),
        "assets_with_two_answers": alpha.n,
        "consensus": {"majority": _rate(found.majority), "dawid_skene": model},
        "timing": {
            "usable": found.usable.usable,
            "why": found.usable.why,
            "typical_seconds": _known(found.pace.typical),
        },
        "flagged": {
            "labellers": int(found.labeller_flags.flagged.sum()),
            "assets": int(found.asset_flags.flagged.sum()),
            "false_discovery_rate": FALSE_DISCOVERY_RATE,
        },
        "hard_assets_found": None if found.hard_found is None else found.hard_found._asdict(),
    }


def consensus_table(found: Findings) -> "pa.Table":
    """asset, label, probability."""
    import pyarrow as pa

    return pa.table(
        {
            "asset": found.answers.assets,
            "label": _class_names(found),
            "probability": _decimals(found.best.probability),
        }
    )


def labeller_table(found: Findings) -> "pa.Table":
    """labeller, answers, accuracy, low, high, median_seconds, pace, flagged, reason."""
    import pyarrow as pa

    answers, standings = found.answers, found.standings
    judged = standings.n > 0
    return pa.table(
        {
            "labeller": answers.labellers,
            "answers": np.bincount(answers.labeller, minlength=len(answers.labellers)),
            "accuracy": _decimals(np.where(judged, standings.mean, np.nan)),
            "low": _decimals(np.where(judged, standings.low, np.nan)),
            "high": _decimals(np.where(judged, standings.high, np.nan)),
            "median_seconds": _decimals(found.pace.median, 3),
            "pace": _decimals(found.pace.ratio(), 4),
            "flagged": found.labeller_flags.flagged,
            "reason": pa.array(labeller_reasons(found), pa.string()),
        }
    )


def asset_table(found: Findings) -> "pa.Table":
    """asset, answers, consensus, probability, agreement, difficulty, flagged, reason."""
    import pyarrow as pa

    return pa.table(
        {
            "asset": found.answers.assets,
            "answers": found.votes.sum(axis=1),
            "consensus": _class_names(found),
            "probability": _decimals(found.best.probability),
            "agreement": _decimals(consensus_score(found)),
            "difficulty": _decimals(found.difficulty.score),
            "flagged": found.asset_flags.flagged,
            "reason": pa.array(asset_reasons(found), pa.string()),
        }
    )


def consensus_score(found: Findings) -> Any:
    """Share of each asset's answers that agree with its consensus; nan below two answers."""
    answers = found.votes.sum(axis=1)
    agreeing = np.take_along_axis(found.votes, found.best.label[:, None], axis=1)[:, 0]
    return np.where(answers > 1, agreeing / answers, np.nan)


def _class_names(found: Findings) -> "pa.Array":
    import pyarrow.compute as pc

    return pc.take(found.class_names, found.best.label)


def _decimals(values: Any, digits: int = 6) -> "pa.Array":
    """Rounded floats; nan becomes null, which is written as an empty field."""
    import pyarrow as pa

    return pa.array(np.round(values, digits), from_pandas=True)


def _table(path: Path, table: "pa.Table") -> None:
    import pyarrow as pa
    from pyarrow import csv

    header = (",".join(table.column_names) + "\n").encode()
    for style in ("none", "needed"):  # Arrow refuses "none" where a name holds a comma or a quote
        try:
            with pa.OSFile(str(path), "wb") as file:
                file.write(header)
                options = csv.WriteOptions(include_header=False, quoting_style=style)
                csv.write_csv(table, file, options)
            return
        except pa.ArrowInvalid:
            if style == "needed":
                raise


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "accuracy": _known(rate.value),
        "judged": rate.n,
        "low": _known(rate.low),
        "high": _known(rate.high),
    }
