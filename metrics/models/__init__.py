"""The tables of this storey: roll-ups, forecasts, saved views, alerts."""

from metrics.models.confusions import JUDGED_BY, ConfusionLine, ConfusionRollup
from metrics.models.data import (
    STUDIES,
    BalanceRollup,
    BalanceState,
    MapPoint,
    ModelError,
    ModelStudy,
)
from metrics.models.earnings import EarningsShown, EarningsStatement
from metrics.models.forecasts import Forecast
from metrics.models.line import LineRollup, LineTask, LineTouched
from metrics.models.rollups import DailyRollup, HourlyRollup, RollupState
from metrics.models.views import ALERTS, AlertFiring, AlertRule, SavedView

__all__ = [
    "ALERTS",
    "JUDGED_BY",
    "STUDIES",
    "AlertFiring",
    "AlertRule",
    "BalanceRollup",
    "BalanceState",
    "ConfusionLine",
    "ConfusionRollup",
    "DailyRollup",
    "EarningsShown",
    "EarningsStatement",
    "Forecast",
    "HourlyRollup",
    "LineRollup",
    "LineTask",
    "LineTouched",
    "MapPoint",
    "ModelError",
    "ModelStudy",
    "RollupState",
    "SavedView",
]
