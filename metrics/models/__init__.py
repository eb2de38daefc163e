"""The tables of this storey: roll-ups, forecasts, saved views, alerts."""

from metrics.models.data import (
    STUDIES,
    BalanceRollup,
    BalanceState,
    MapPoint,
    ModelError,
    ModelStudy,
)
from metrics.models.forecasts import Forecast
from metrics.models.rollups import DailyRollup, HourlyRollup, LineRollup, RollupState
from metrics.models.views import ALERTS, AlertFiring, AlertRule, SavedView

__all__ = [
    "ALERTS",
    "STUDIES",
    "AlertFiring",
    "AlertRule",
    "BalanceRollup",
    "BalanceState",
    "DailyRollup",
    "Forecast",
    "HourlyRollup",
    "LineRollup",
    "MapPoint",
    "ModelError",
    "ModelStudy",
    "RollupState",
    "SavedView",
]
