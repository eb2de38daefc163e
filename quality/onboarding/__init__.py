"""Onboarding: assessments drawn from gold, taken against the clock, that grant certificates; and
courses that teach a project, see `docs/onboarding.md`.

`assessments` sets them, `attempts` is the taking, `results` reads what came of them. `courses` and
`course_*` are the training.
"""
