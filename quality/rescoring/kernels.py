"""Matching on torch: the same as `quality.measures.matching`, for a device with many lanes.

Needs nothing but torch (2.11 or later) and numpy. Images are put into buckets by how many objects
they have and reckoned as one block each, so that nothing loops over images. What is dense (do two
boxes meet at all?) is asked in single precision of boxes rounded outwards, which never misses a
pair; overlaps are then reckoned in double precision, for the pairs that meet alone, in the order
of operations of the compiled kernel: the results are equal to the last bit.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from quality.measures import matching
from quality.measures.matching import Matches
from quality.rescoring.buckets import Block, blocks

# Pairs of boxes that are looked at together: what bounds the memory, at about 120 bytes a pair
# where every pair meets, and 15 where few do.
PAIRS = 2**22
NOBODY = 2**31 - 1


def match(
    truth_boxes: ArrayLike,
    truth_class: ArrayLike,
    detection_boxes: ArrayLike,
    detection_class: ArrayLike,
    score: ArrayLike,
    truth_start: ArrayLike,
    detection_start: ArrayLike,
    thresholds: ArrayLike,
    class_aware: bool = True,
    crowd: ArrayLike | None = None,
    *,
    place: torch.device | str = "cpu",
    pairs: int = PAIRS,
) -> Matches:
    """As `matching.match`, on the device `place`, looking at `pairs` pairs at a time at most.

    One image of more pairs than that is worked off in parts, surest detections first. Raises
    ValueError naming the argument.
    """
    truths = matching.objects("truth", truth_boxes, truth_class, truth_start)
    detections = matching.objects("detection", detection_boxes, detection_class, detection_start)
    if truths.start.size != detections.start.size:
        raise ValueError("detection_start: expected as many images as truth_start has")
    if pairs < 1:
        raise ValueError("pairs: expected 1 or more")
    where = torch.device(place)
    crowds = matching.flags("crowd", crowd, len(truths.boxes))
    scores = matching.numbers("score", score, len(detections.boxes))
    with torch.inference_mode():
        order = _surest_first(_on(scores, where), _on(detections.start, where))
        sides = (
            _side(_on(truths.boxes, where), _on(truths.category, where), _on(crowds, where)),
            _side(_on(detections.boxes, where)[order], _on(detections.category, where)[order]),
        )
        work = _Work(*sides, _on(matching.limits(thresholds), where), class_aware)
        _run(work, truths.start, detections.start, pairs)
        return work.result(order)


def _on(values: np.ndarray, where: torch.device) -> Tensor:
    """An array on the device, copied from pinned memory where that is a GPU."""
    there = torch.from_numpy(np.ascontiguousarray(values))
    if where.type == "cuda":
        return there.pin_memory().to(where, non_blocking=True)
    return there.to(where)


def _surest_first(score: Tensor, start: Tensor) -> Tensor:
    """The order of the detections: image by image, surest first, equal scores as they came."""
    n = score.numel()
    image = torch.repeat_interleave(
        torch.arange(start.numel() - 1, device=score.device), start.diff(), output_size=n
    )
    order = torch.argsort(score, descending=True, stable=True)
    return order[torch.argsort(image[order], stable=True)]


class _Side(NamedTuple):
    """Corners in double precision, and in single precision rounded outwards."""

    corners: Tensor  # (n, 4) left, top, right, bottom
    outer: Tensor  # the same, float32, none of them further in
    area: Tensor
    category: Tensor
    crowd: Tensor | None


def _side(boxes: Tensor, category: Tensor, crowd: Tensor | None = None) -> _Side:
    corners = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)
    single, far = corners.float(), torch.full((), float("inf"), device=boxes.device)
    outer = torch.cat(
        [torch.nextafter(single[:, :2], -far), torch.nextafter(single[:, 2:], far)], dim=1
    )
    return _Side(corners, outer, boxes[:, 2] * boxes[:, 3], category.int(), crowd)


class _Near(NamedTuple):
    """Pairs that overlap far enough for some threshold, as positions and overlaps (n,)."""

    detection: Tensor
    truth: Tensor
    overlap: Tensor


class _Work:
    """What is known so far. Detections lie surest first within their image."""

    def __init__(self, truths: _Side, detections: _Side, thresholds: Tensor, class_aware: bool):
        self.truths, self.detections = truths, detections
        self.thresholds, self.class_aware = thresholds, class_aware
        where, n, limits = thresholds.device, len(detections.area), len(thresholds)
        self.lowest = float(thresholds.min())
        # Who holds each truth at each threshold: the surest who asked, by place in the order.
        self.holder = torch.full(
            (limits, len(truths.area)), NOBODY, dtype=torch.int32, device=where
        )
        self.truth = torch.full((limits, n), -1, dtype=torch.int32, device=where)
        self.overlap = torch.zeros((limits, n), dtype=torch.float64, device=where)
        self.nearest = torch.full((n,), -1, dtype=torch.int32, device=where)
        self.share = torch.zeros(n, dtype=torch.float64, device=where)

    def meet(self, detection: Tensor, truth: Tensor, there: Tensor) -> _Near:
        """Overlap those of a block who meet. `detection` (b, d) and `truth` (b, t) are positions,
        `there` (b, d, t) says which pairs are no padding."""
        a, b = self.detections.outer[detection], self.truths.outer[truth]
        for low, high in ((0, 2), (1, 3)):
            there &= a[:, :, low, None] < b[:, None, :, high]
            there &= b[:, None, :, low] < a[:, :, high, None]
        if self.class_aware:
            kinds = self.detections.category[detection], self.truths.category[truth]
            there &= kinds[0][:, :, None] == kinds[1][:, None, :]
        image, i, j = there.nonzero(as_tuple=True)
        return self._overlap(detection[image, i], truth[image, j])

    def _overlap(self, d: Tensor, t: Tensor) -> _Near:
        a, b = self.detections.corners[d], self.truths.corners[t]
        sides = torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])
        shared = sides[:, 0] * sides[:, 1]
        whole = self.detections.area[d] + self.truths.area[t] - shared
        if self.truths.crowd is not None:
            whole = torch.where(self.truths.crowd[t], self.detections.area[d], whole)
        part = shared / whole
        met = (sides > 0).all(dim=1) & (whole > 0) & (part > 0)
        self._note_nearest(d[met], t[met], part[met])
        near = met & (part >= self.lowest)
        return _Near(d[near], t[near], part[near])

    def _note_nearest(self, d: Tensor, t: Tensor, part: Tensor) -> None:
        self.share.scatter_reduce_(0, d, part, "amax")
        most = part == self.share[d]
        self.nearest.scatter_reduce_(0, d[most], t[most].int(), "amax")

    def settle(self, near: _Near) -> None:
        """Give truths to the detections of these pairs. Every one asks for what it overlaps most,
        each truth keeps the surest who asked, whoever is turned away asks for the next: as all
        truths rank detections alike, it ends where asking one by one in that order would."""
        near = _in_order(near)
        if self.truths.crowd is not None:
            in_crowd = self.truths.crowd[near.truth]
            crowds, near = _Near(*(x[in_crowd] for x in near)), _Near(*(x[~in_crowd] for x in near))
        who, length = torch.unique_consecutive(near.detection, return_counts=True)
        end = length.cumsum(0)
        asks = (end - length).repeat(len(self.thresholds), 1)
        self._rounds(near, who, end, asks)
        self._write(near, who, end, asks)
        if self.truths.crowd is not None:
            self._join(crowds)

    def _rounds(self, near: _Near, who: Tensor, end: Tensor, asks: Tensor) -> None:
        n, n_truths = len(who), self.holder.shape[1]
        holder, asked = self.holder.view(-1), asks.view(-1)
        place = torch.full((len(self.detections.area) + 1,), -1, device=who.device)
        place[who] = torch.arange(n, device=who.device)
        active = torch.arange(asked.numel(), device=who.device)
        active = active[self._willing(near, end, asks)[active]]
        while active.numel():
            row, me = active // n, who[active % n].int()
            key = row * n_truths + near.truth[asked[active]]
            before = holder[key]
            holder.scatter_reduce_(0, key, me, "amin")
            mine = holder[key] == me
            sent_away = before[mine & (before != NOBODY)].long()
            rows = row[mine & (before != NOBODY)]
            # Those settled in an earlier part of the work are surer than any who ask now.
            again = torch.cat([active[~mine], rows * n + place[sent_away]])
            asked[again] += 1
            active = again[self._willing(near, end, asks)[again]]

    def _willing(self, near: _Near, end: Tensor, asks: Tensor) -> Tensor:
        """Whether each has another pair to ask for that overlaps far enough."""
        if near.overlap.numel() == 0:
            return torch.zeros(asks.numel(), dtype=torch.bool, device=asks.device)
        left = near.overlap[asks.clamp(max=near.overlap.numel() - 1)]
        return ((asks < end) & (left >= self.thresholds[:, None])).view(-1)

    def _write(self, near: _Near, who: Tensor, end: Tensor, asks: Tensor) -> None:
        row, i = self._willing(near, end, asks).view(asks.shape).nonzero(as_tuple=True)
        at = asks[row, i]
        self.truth[row, who[i]] = near.truth[at].int()
        self.overlap[row, who[i]] = near.overlap[at]

    def _join(self, crowds: _Near) -> None:
        """Whoever found nobody joins the crowd that it lies in most."""
        who, length = torch.unique_consecutive(crowds.detection, return_counts=True)
        first = length.cumsum(0) - length
        truth, overlap = crowds.truth[first].int(), crowds.overlap[first]
        alone = (self.truth[:, who] < 0) & (overlap >= self.thresholds[:, None])
        self.truth[:, who] = torch.where(alone, truth, self.truth[:, who])
        self.overlap[:, who] = torch.where(alone, overlap, self.overlap[:, who])

    def result(self, order: Tensor) -> Matches:
        """Back in the caller's order."""
        back = torch.empty_like(order)
        back[order] = torch.arange(order.numel(), device=order.device)
        found = (self.truth[:, back], self.overlap[:, back], self.nearest[back], self.share[back])
        return Matches(*(_home(x) for x in found))


def _home(values: Tensor) -> np.ndarray:
    if values.device.type == "cuda":
        pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        values = pinned.copy_(values)
    return values.cpu().numpy()


def _in_order(near: _Near) -> _Near:
    """By detection, what it overlaps most first, of equals the later truth."""
    flipped = torch.flip(near.overlap, (0,))
    order = near.overlap.numel() - 1 - torch.argsort(flipped, descending=True, stable=True)
    order = order[torch.argsort(near.detection[order], stable=True)]
    return _Near(*(x[order] for x in near))


def _run(work: _Work, truth_start: np.ndarray, detection_start: np.ndarray, pairs: int) -> None:
    """Meet block by block; settle whenever as many pairs have come together as may."""
    waiting: list[_Near] = []
    where = work.thresholds.device
    for block in blocks(truth_start, detection_start, pairs, 8 if where.type == "cuda" else 1):
        near = work.meet(*_positions(block, where))
        waiting.append(near)
        if sum(x.overlap.numel() for x in waiting) > pairs // 8 or block.partly:
            work.settle(_Near(*(torch.cat(x) for x in zip(*waiting, strict=True))))
            waiting = []
    if waiting:
        work.settle(_Near(*(torch.cat(x) for x in zip(*waiting, strict=True))))


def _positions(block: Block, where: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    rows, columns = (torch.arange(n, device=where) for n in (block.rows, block.columns))
    first, count, truth, truths = (
        _on(x, where)[:, None]
        for x in (block.detection, block.detections, block.truth, block.truths)
    )
    inside, known = rows < count, columns < truths
    there = inside[:, :, None] & known[:, None, :]
    return torch.where(inside, first + rows, 0), torch.where(known, truth + columns, 0), there
