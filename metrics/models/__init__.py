"""The tables of this storey: roll-ups, forecasts, saved views, alerts."""

from metrics.models.forecasts import Forecast
from metrics.models.rollups import DailyRollup, HourlyRollup, LineRollup, RollupState
from metrics.models.views import ALERTS, AlertFiring, AlertRule, SavedView

__all__ = [
    "ALERTS",
    "AlertFiring",
    "AlertRule",
    "DailyRollup",
    "Forecast",
    "HourlyRollup",
    "LineRollup",
    "RollupState",
    "SavedView",
]
