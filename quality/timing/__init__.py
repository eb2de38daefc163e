"""What times tell: how fast each labeller works, and which assets take longer than they should."""

from quality.timing.assets import AssetTimes, asset_effects, asset_times
from quality.timing.clocks import Usable, usable
from quality.timing.fitting import Effect, Fit, Trend, fit
from quality.timing.paces import Pace, fastest_plausible, pace
from quality.timing.robust import FEWEST_TIMES, group_median, variance_parts

__all__ = [
    "FEWEST_TIMES",
    "AssetTimes",
    "Effect",
    "Fit",
    "Pace",
    "Trend",
    "Usable",
    "asset_effects",
    "asset_times",
    "fastest_plausible",
    "fit",
    "group_median",
    "pace",
    "usable",
    "variance_parts",
]
