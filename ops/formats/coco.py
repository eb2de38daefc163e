"""COCO's JSON: boxes, instance masks and polygons, keypoints; and results of a model.

Reading and writing are `coco_read` and `coco_write`. What COCO has no field for stands beside in
"attributes" (as CVAT writes them) or under "touchstone", which other readers pass over.
"""

from ops.formats.coco_read import read
from ops.formats.coco_write import write

__all__ = ["HOLDS", "MIMETYPE", "NAME", "SUFFIX", "WORDS", "read", "write"]

NAME, WORDS, SUFFIX = "coco", "COCO JSON (detection, instances, keypoints)", "json"
MIMETYPE = "application/json"
HOLDS = ("boxes", "polygons", "masks", "keypoints")
