"""Hours of people with several skills, shared out over the skills that are needed: pure.

As much as can be covered is covered: a maximum flow, by augmenting along shortest paths (J. Edmonds
and R. M. Karp, JACM 19, 1972). Whoever can do less is used first, so that the versatile are left.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import TypeVar

Skill = TypeVar("Skill", bound=Hashable)
LEAST = 1e-9  # hours


def share_out(
    able: Mapping[frozenset[Skill], float], need: Mapping[Skill, float]
) -> dict[tuple[frozenset[Skill], Skill], float]:
    """Hours by (what people can do, what they do). `able`: hours of those who can do just these
    skills; `need`: hours wanted of each."""
    spare, open_ = dict(able), dict(need)
    given: dict[tuple[frozenset[Skill], Skill], float] = {}
    for group in sorted(spare, key=lambda skills: (len(skills), sorted(map(repr, skills)))):
        for skill in sorted(group & open_.keys(), key=repr):
            hours = min(spare[group], open_[skill])
            spare[group] -= hours
            open_[skill] -= hours
            given[group, skill] = given.get((group, skill), 0.0) + hours
    while path := _path(spare, open_, given):
        _along(path, spare, open_, given)
    return {key: hours for key, hours in given.items() if hours > LEAST}


def _path(
    spare: Mapping[frozenset[Skill], float],
    open_: Mapping[Skill, float],
    given: Mapping[tuple[frozenset[Skill], Skill], float],
) -> list[tuple[frozenset[Skill], Skill]]:
    """Steps from a group with hours to spare to a skill that lacks some: (group, skill) given more,
    then from the next group that skill is taken off, and so on."""
    ahead: deque[list[tuple[frozenset[Skill], Skill]]] = deque()
    seen = {group for group, hours in spare.items() if hours > LEAST}
    for group in seen:
        ahead.extend([(group, skill)] for skill in group & open_.keys())
    while ahead:
        path = ahead.popleft()
        skill = path[-1][1]
        if open_[skill] > LEAST:
            return path
        for (group, of), hours in given.items():
            if of == skill and hours > LEAST and group not in seen:
                seen.add(group)
                ahead.extend([*path, (group, other)] for other in group & open_.keys() - {skill})
    return []


def _along(
    path: list[tuple[frozenset[Skill], Skill]],
    spare: dict[frozenset[Skill], float],
    open_: dict[Skill, float],
    given: dict[tuple[frozenset[Skill], Skill], float],
) -> None:
    handed = [(later[0], earlier[1]) for earlier, later in pairwise(path)]
    hours = min(spare[path[0][0]], open_[path[-1][1]], *(given[step] for step in handed), 1e18)
    spare[path[0][0]] -= hours
    open_[path[-1][1]] -= hours
    for step in path:
        given[step] = given.get(step, 0.0) + hours
    for step in handed:
        given[step] -= hours
