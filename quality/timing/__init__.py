"""What times tell: how fast each labeller works, and which assets take longer than they should."""

from quality.timing.assets import AssetTimes, asset_effects, asset_times
from quality.timing.clocks import Usable, usable
from quality.timing.fitting import Effect, Fit, Trend, fit
from quality.timing.paces import Pace, fastest_plausible, pace
from quality.timing.robust import FEWEST_TIMES, group_median, variance_parts
from quality.timing.stored import Judged, as_stored, update

__all__ = [
    "FEWEST_TIMES",
    "AssetTimes",
    "Effect",
    "Fit",
    "Judged",
    "Pace",
    "Trend",
    "Usable",
    "as_stored",
    "asset_effects",
    "asset_times",
    "fastest_plausible",
    "fit",
    "group_median",
    "pace",
    "update",
    "usable",
    "variance_parts",
]
