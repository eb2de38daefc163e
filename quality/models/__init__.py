"""The tables of this storey."""

from quality.models.assistance import Assistance
from quality.models.calibration import CALIBRATION_MOVES, CalibrationMove
from quality.models.gold import Gold, GoldScore, GoldSeen, GoldVersion
from quality.models.onboarding import (
    ATTEMPT_DOUBTS,
    Assessment,
    Attempt,
    AttemptDoubt,
    AttemptQuestion,
    ItemExclusion,
)
from quality.models.proposals import PROPOSAL_STATES, GoldProposal
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
from quality.models.training import (
    COURSE_STATES,
    STEP_KINDS,
    Course,
    CourseProgress,
    CourseStep,
    StepTry,
)

__all__ = [
    "ATTEMPT_DOUBTS",
    "CALIBRATION_MOVES",
    "COURSE_STATES",
    "PROPOSAL_STATES",
    "RUN_STATES",
    "STEP_KINDS",
    "Assessment",
    "AssetDifficulty",
    "Assistance",
    "Attempt",
    "AttemptDoubt",
    "AttemptQuestion",
    "CalibrationMove",
    "Course",
    "CourseProgress",
    "CourseStep",
    "Evidence",
    "Gold",
    "GoldProposal",
    "GoldScore",
    "GoldSeen",
    "GoldVersion",
    "ItemExclusion",
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
    "StepTry",
    "TimingFit",
]
