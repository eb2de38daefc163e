"""Instruction quizzes: questions with choices, of which one or several are right, and why."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ops.errors import InvalidInput

MOST_QUESTIONS, MOST_CHOICES, LONGEST = 20, 9, 500
Question = dict[str, Any]


def clean(questions: Sequence[Question]) -> list[Question]:
    """The questions as they are kept: [{"question", "choices": [{"text", "right", "why"}]}].

    Choices without a text are left out. Raises InvalidInput with every fault, named as `q0`,
    `q0c1` or `q0w1` (question, choice, why).
    """
    faults: list[dict[str, Any]] = []
    kept = [_clean(i, question, faults) for i, question in enumerate(questions)]
    if not 1 <= len(kept) <= MOST_QUESTIONS:
        faults.append({"field": "q0", "message": f"ask 1 to {MOST_QUESTIONS} questions"})
    if faults:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
    return kept


def _clean(i: int, question: Question, faults: list[dict[str, Any]]) -> Question:
    def bad(field: str, message: str) -> None:
        faults.append({"field": field, "message": message})

    words = _line(question.get("question"))
    if not words:
        bad(f"q{i}", "write the question")
    choices: list[dict[str, Any]] = []
    for j, choice in enumerate(question.get("choices", ())):
        said, why = _line(choice.get("text")), _line(choice.get("why"))
        right = bool(choice.get("right"))
        if not said and (right or why):
            bad(f"q{i}c{j}", "write what is to be chosen")
        if max(len(said), len(why)) > LONGEST:
            bad(f"q{i}c{j}", f"write at most {LONGEST} characters")
        if said:
            choices.append({"text": said, "right": right, "why": why})
    texts = [choice["text"].casefold() for choice in choices]
    if len(words) > LONGEST:
        bad(f"q{i}", f"write at most {LONGEST} characters")
    elif not 2 <= len(choices) <= MOST_CHOICES:
        bad(f"q{i}", f"give 2 to {MOST_CHOICES} choices")
    elif len(set(texts)) < len(texts):
        bad(f"q{i}", "two choices say the same")
    elif not any(choice["right"] for choice in choices):
        bad(f"q{i}", "mark at least one choice as right")
    elif all(choice["right"] for choice in choices):
        bad(f"q{i}", "if every choice is right, nothing is asked")
    return {"question": words, "choices": choices}


def _line(text: Any) -> str:
    return " ".join(str(text or "").replace("\0", "").split())


def several(question: Question) -> bool:
    """Whether more than one choice is right."""
    return sum(choice["right"] for choice in question["choices"]) > 1


def chosen(questions: Sequence[Question], given: Any) -> list[list[int]]:
    """What was chosen, the places of the choices for each question, checked against the questions.

    Raises InvalidInput naming the questions that were not answered.
    """
    rows = given if isinstance(given, list) else []
    faults, found = [], []
    for i, question in enumerate(questions):
        row = rows[i] if i < len(rows) and isinstance(rows[i], list) else []
        known = range(len(question["choices"]))
        if not row or any(type(one) is not int or one not in known for one in row):
            faults.append({"field": f"q{i}", "message": "choose an answer"})
        elif len(set(row)) > 1 and not several(question):
            faults.append({"field": f"q{i}", "message": "choose one answer"})
        found.append(sorted(set(row)) if not faults else [])
    if faults:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
    return found


def right(question: Question, said: Sequence[int]) -> bool:
    """Whether exactly the right ones were chosen."""
    return set(said) == {j for j, choice in enumerate(question["choices"]) if choice["right"]}


def share_right(questions: Sequence[Question], given: Sequence[Sequence[int]]) -> float:
    """Questions answered right ÷ questions."""
    told = [right(question, said) for question, said in zip(questions, given, strict=True)]
    return sum(told) / len(told)


class ChoiceTold(NamedTuple):
    """A choice after the answer: whether it was chosen, whether it is right, and why."""

    text: str
    chosen: bool
    right: bool
    why: str

    @property
    def verdict(self) -> str:
        """One word for the screen."""
        if self.chosen:
            return "right" if self.right else "wrong"
        return "missed" if self.right else ""


class QuestionTold(NamedTuple):
    """A question after the answer."""

    question: str
    right: bool
    choices: list[ChoiceTold]


def told(questions: Sequence[Question], given: Sequence[Sequence[int]]) -> list[QuestionTold]:
    """What was right and what not, question by question."""
    return [
        QuestionTold(
            question["question"],
            right(question, said),
            [
                ChoiceTold(choice["text"], j in said, choice["right"], choice["why"])
                for j, choice in enumerate(question["choices"])
            ],
        )
        for question, said in zip(questions, given, strict=True)
    ]
