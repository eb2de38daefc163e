"""The onboarding manager's pipeline: openings, board, table, one applicant, stages, letters."""
