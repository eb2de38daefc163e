"""From the files to the report: read, judge, write."""

from pathlib import Path

from quality.audit.faults import BadFile
from quality.audit.findings import Findings, find
from quality.audit.page import render
from quality.audit.progress import Progress
from quality.audit.reading import read_answers, read_truth
from quality.audit.writing import write_all

_READING, _CODING, _JUDGING = 0.12, 0.35, 0.9  # where these stages end, of the whole time


def run(answers: Path, truth: Path | None, out: Path) -> Findings:
    """Audit `answers`, against `truth` where given, into the folder `out`.

    Raises BadFile, before anything is written, when a file breaks the contract.
    """
    if out.exists() and not out.is_dir():
        raise BadFile(f"{out} is a file; expected a folder", field="--out")
    with Progress() as progress:
        read = read_answers(answers, lambda share: progress.at(_READING * share, "reading"))
        known, classes = read_truth(truth, read) if truth else (None, read.labels)
        span = _JUDGING - _CODING
        found = find(
            read, classes, known, lambda share, what: progress.at(_CODING + span * share, what)
        )
        write_all(out, found, render(found, answers.name))
    return found
