"""The role matrix is data: endpoint → the roles that may call it. What is not in it is denied."""

from ops.models.people import ROLES

ANYONE: frozenset[str] = frozenset({"anyone"})  # signed in or not
EVERYONE = frozenset(ROLES)  # whoever is signed in
ADMIN = frozenset({"admin"})
LEADS = frozenset({"admin", "ops_lead"})
MANAGERS = frozenset({"admin", "ops_lead", "onboarding_manager"})
OVER_TEAMS = frozenset({"admin", "onboarding_manager"})  # see and make all teams
PAYERS = frozenset({"admin", "onboarding_manager"})  # see and set what people earn
WORKERS = frozenset({"labeller", "reviewer", "expert"})
TEAM_LEADS = MANAGERS | WORKERS  # whoever works here may lead a team
JUDGES = frozenset({"reviewer", "expert"})
ANSWERERS = MANAGERS | {"expert"}  # who answers the questions of their projects
CLIENTS = frozenset({"client"})
STAFF_AND_CLIENTS = LEADS | CLIENTS

# Which roles may work in which stage.
STAGE_ROLES = {
    "label": WORKERS,
    "review": JUDGES,
    "rework": WORKERS,
    "adjudicate": JUDGES,
    "assessment": WORKERS,
    "training": WORKERS,
}
