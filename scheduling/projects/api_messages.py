"""What the API for projects and batches takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops.ontology_parts import Attribute, Reason, Scale, Skeleton
from ops.web.api_types import Day, Id, LabelType, Line, Note, Strict
from scheduling.projects.intake import Terms

Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
Markdown = Annotated[
    str, StringConstraints(min_length=1, max_length=200_000, pattern=r"^[^\x00]*$")
]
MOST_ROWS = 50_000


class ProjectIn(Strict):
    name: Name
    client: Name = Field(description="The name of the client organisation; made if new")
    medium: Literal["image", "text"]
    label_type: LabelType = Field("class", description="What a label of the project says")
    purpose: Note = ""
    settings: dict[str, Any] = Field(
        default={}, description="Settings that differ from their defaults, such as wanted_answers"
    )


class MissingOut(BaseModel):
    key: str
    message: str
    url: str = Field(description="The page that settles it")


class ProjectOut(BaseModel):
    id: int
    name: str
    client: str
    medium: str
    label_type: str
    state: str
    purpose: str
    skill: str
    settings: dict[str, Any]


class ProjectDetailOut(ProjectOut):
    missing: list[MissingOut] = Field(
        description="What keeps the first task from going out; empty when a labeller would get one"
    )


class ProjectsOut(BaseModel):
    projects: list[ProjectOut]


class ClassIn(Strict):
    name: Line
    key: str = Field("", max_length=64, description="In exports and answers; chosen if left out")
    colour: str = Field("", max_length=7, description="#rrggbb; chosen if left out")
    hotkey: str = Field("", max_length=1, description="0–9 or a–z; chosen if left out")
    description: Note = ""
    skeleton: Skeleton | None = Field(None, description="Of keypoints, where each class has one")


class OntologyIn(Strict):
    classes: list[ClassIn] | None = Field(
        None, max_length=500, description="Left out, like every part: stays as it is"
    )
    attributes: list[Attribute] | None = Field(
        None, max_length=100, description="Asked of objects, or of the whole asset"
    )
    scale: Scale | None = Field(None, description="Of ratings")
    reasons: list[Reason] | None = Field(None, max_length=50, description="Of preferences")
    tie: bool | None = Field(None, description="Of preferences: whether both may be equally good")


class ClassOut(BaseModel):
    key: str
    name: str
    colour: str
    hotkey: str
    description: str
    skeleton: dict[str, Any] | None = None


class OntologyOut(BaseModel):
    version: int
    classes: list[ClassOut]
    attributes: list[dict[str, Any]]
    scale: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    tie: bool


class MemberIn(Strict):
    user: Id = Field(description="The id of an account")


class BatchIn(Strict):
    name: Name
    priority: int = Field(0, ge=-1000, le=1000, description="Larger goes out first")
    due: Day | None = Field(None, description="The last day, in UTC")


class SoFarOut(BaseModel):
    finished: int = Field(description="Assets with all their answers")
    mean: float | None = Field(description="Answers an asset, over the finished")
    low: float | None = Field(description="95 % interval of the mean")
    high: float | None
    wanted: int | None = Field(description="The most that an unfinished asset wants now")


class HardOut(BaseModel):
    waiting: int = Field(description="Hard assets with experts now")
    oldest: datetime | None = Field(description="Since when the oldest of them waits")
    given_back: int = Field(description="Given back to everybody after the deadline")


class BatchOut(BaseModel):
    id: int
    project: int
    name: str
    state: str
    paused: bool
    priority: int
    due_at: datetime | None
    completed_at: datetime | None
    assets: int
    answers_done: int = Field(description="Answers given in label work")
    answers_wanted: int
    answers_per_asset: SoFarOut
    hard: HardOut


class WantedIn(Strict):
    wanted: int = Field(ge=1, le=25, description="Answers for every unfinished asset")


class WantedOut(BaseModel):
    changed: int = Field(description="Assets that now get another number of answers")


class BatchesOut(BaseModel):
    batches: list[BatchOut]


# A query holds texts only.
Yes = Literal["true", "false"]
LABELS = Literal["none", "labels", "gold", "predictions"]
MODEL = Field("", max_length=120, description="With predictions: the name of the reference model")


class RowsIn(Strict):
    rows: list[dict[str, Any]] = Field(
        max_length=MOST_ROWS,
        description='Each {"external_id", "uri" or "text", "width" and "height" in px, '
        '"metadata": {…}, "label": a label, "gold": a known label, "prediction": class, '
        '"confidence": 0 to 1, "probabilities": {class: 0 to 1}}; an asset that is there already '
        "may be named by its external_id alone. Faults come back by line, the first row being "
        "line 1",
    )
    keep_existing: bool = Field(
        False, description="Leave assets that are there with other content as they are"
    )
    labels: LABELS = Field("none", description="What the labels of the rows become")
    model: str = MODEL


class FileTerms(Strict):
    format: Literal["", "jsonl", "csv", "coco", "yolo", "voc", "cvat", "labelstudio", "folder"] = (
        Field("", description="Recognised when left out; folder: a zip of pictures or texts")
    )
    labels: LABELS = Field("none", description="What the labels in the file become")
    model: str = MODEL
    pictures: str = Field("", max_length=2000, description="What stands before names of pictures")
    gold_column: str = Field("", max_length=200, description="Of a table: known answers")
    keep_existing: Yes = "false"
    add_classes: Yes = Field("false", description="Add the classes that the project lacks")

    def terms(self) -> Terms:
        """As the verb takes them."""
        return Terms(
            format=self.format,
            labels=self.labels,
            model=self.model,
            gold_column=self.gold_column or None,
            pictures=self.pictures,
            keep_existing=self.keep_existing == "true",
            add_classes=self.add_classes == "true",
        )


class LossOut(BaseModel):
    field: str
    count: int
    words: str


class LossesOut(BaseModel):
    losses: list[LossOut] = Field(description="What the format cannot hold, and what becomes of it")


class ReportOut(BaseModel):
    new: int
    already_there: int
    kept: int = Field(description="Left as they are although they differ")
    gold: int = Field(description="Rows with a known answer")
    labelled: int = Field(description="Assets with a label from outside in force")
    predictions: int = Field(description="Assets of which the reference model says something")
    model: int | None = Field(description="Number of the reference model")
    untaken: int = Field(description="Labels that were brought and not asked for")
    losses: list[LossOut] = Field(description="What the file says and the project cannot hold")


class UploadOut(BaseModel):
    name: str
    uri: str = Field(description="The uri to import the picture by")


class UploadFault(BaseModel):
    name: str
    message: str


class UploadsOut(BaseModel):
    uploads: list[UploadOut]
    faults: list[UploadFault]


class ExportQuery(Strict):
    format: Literal["jsonl", "csv", "coco", "yolo", "voc", "cvat", "labelstudio"] = "jsonl"
    whole: Yes = Field("false", description="JSON lines and CSV: with uri, text, size, metadata")
