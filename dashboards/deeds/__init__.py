"""What a lead may do where they look: each deed says first what will happen, then does it.

A deed changes things through the verbs of the storeys below, which leave the audit entries. Nothing
here is taken on trust from the browser: whom and what a deed is about is looked up within what the
person may see, and one stranger among the chosen refuses the whole.
"""

from dashboards.deeds.assets import ASSETS
from dashboards.deeds.batches import BATCHES
from dashboards.deeds.data import DATA
from dashboards.deeds.deed import MOST, Deed, Field, Terms
from dashboards.deeds.gold import GOLD
from dashboards.deeds.people import PEOPLE

DEEDS: dict[str, Deed] = {deed.kind: deed for deed in (*BATCHES, *PEOPLE, *ASSETS, *DATA, *GOLD)}

__all__ = ["DEEDS", "MOST", "Deed", "Field", "Terms"]
