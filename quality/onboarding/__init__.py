"""Onboarding: assessments drawn from gold, taken against the clock, that grant certificates.

`assessments` sets them, `attempts` is the taking, `results` reads what came of them.
"""
