"""The tables of this storey."""

from quality.models.assistance import Assistance
from quality.models.gold import Gold, GoldScore, GoldSeen, GoldVersion
from quality.models.onboarding import Assessment, Attempt, AttemptQuestion
from quality.models.rescoring import RUN_STATES, LabelScore, RescoreChunk, RescoreRun
from quality.models.review import ReviewDraw, ReviewLook, ReviewSample, ReviewStratum
from quality.models.standing import (
    AssetDifficulty,
    Evidence,
    LabellerPace,
    SliceDifficulty,
    Standing,
    TimingFit,
)

__all__ = [
    "RUN_STATES",
    "Assessment",
    "AssetDifficulty",
    "Assistance",
    "Attempt",
    "AttemptQuestion",
    "Evidence",
    "Gold",
    "GoldScore",
    "GoldSeen",
    "GoldVersion",
    "LabelScore",
    "LabellerPace",
    "RescoreChunk",
    "RescoreRun",
    "ReviewDraw",
    "ReviewLook",
    "ReviewSample",
    "ReviewStratum",
    "SliceDifficulty",
    "Standing",
    "TimingFit",
]
