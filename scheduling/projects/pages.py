"""Every page of a project, gathered on one blueprint."""

from scheduling.projects import (
    asset_pages,
    batch_pages,
    class_pages,
    explain_pages,
    gold_many_pages,
    gold_pages,
    guideline_pages,
    import_pages,
    issue_pages,
    list_pages,
    people_pages,
    proposal_pages,
    push_pages,
    rule_pages,
    settings_pages,
)
from scheduling.projects.blueprint import blueprint

__all__ = [
    "asset_pages",
    "batch_pages",
    "blueprint",
    "class_pages",
    "explain_pages",
    "gold_many_pages",
    "gold_pages",
    "guideline_pages",
    "import_pages",
    "issue_pages",
    "list_pages",
    "people_pages",
    "proposal_pages",
    "push_pages",
    "rule_pages",
    "settings_pages",
]
