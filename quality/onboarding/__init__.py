"""Onboarding: assessments drawn from gold, taken against the clock, that grant certificates; and
courses that teach a project, see `docs/onboarding.md`.

`assessments` sets them, `pool` and `drawing` say what is asked, `attempts` is the taking and
`scoring` what it comes to, `results` and `items` read what came of them; `changes`, `exclusions`,
`revisions`, `taking_back` and `doubts` are a manager's hand. `courses` and `course_*` are the
training.
"""
