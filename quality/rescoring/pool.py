"""Parts of a long reckoning, given to whoever is to do them: this process, several, a cluster.

One interface for all three. Results come in the order of the parts, and only a few parts are under
way at once, so that memory is bounded by the parts and not by their number.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 2  # parts under way for each worker: one is worked on while the next is handed over
_device = "cpu"  # of this process


class WorkerLost(RuntimeError):
    """A process of the pool was killed; what it was working on has to be done again."""


@dataclass(frozen=True)
class Workers:
    """Who works: so many `processes` of this machine, or one for each of the `devices` ("cuda:0",
    "cuda:1", "cpu"), or as many actors on the Ray `cluster` at an address ("auto" or host:port).
    As it stands: this process alone."""

    processes: int = 1
    devices: tuple[str, ...] = ()
    cluster: str | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """The device of each worker."""
        return self.devices or ("cpu",) * self.processes


class _Crew(Protocol):
    def begin(self, part: Any) -> Any: ...
    def end(self, begun: Any) -> Any: ...
    def close(self) -> None: ...


def over(workers: Workers, function: Callable[[T, str], R], parts: Iterable[T]) -> Iterator[R]:
    """Yield function(part, device) of every part, in their order.

    For several processes `function` is one that another process can import, parts and results are
    what can be pickled. Whatever `function` raises is raised here. Raises ValueError for a number
    of processes below 1, WorkerLost when a process dies, ImportError where a cluster is wanted and
    the extra `[cluster]` is not installed.
    """
    if not workers.places:
        raise ValueError("processes: expected 1 or more")
    crew = _crew(workers, function)
    begun: deque[Any] = deque()
    try:
        for part in parts:
            begun.append(crew.begin(part))
            if len(begun) >= AHEAD * len(workers.places):
                yield crew.end(begun.popleft())
        while begun:
            yield crew.end(begun.popleft())
    finally:
        crew.close()


def _crew(workers: Workers, function: Callable[[Any, str], Any]) -> _Crew:
    if workers.cluster is not None:
        return _Cluster(workers, function)
    return _Here(workers, function) if len(workers.places) == 1 else _Processes(workers, function)


class _Here:
    """This process: a part is done when its result is asked for."""

    def __init__(self, workers: Workers, function: Callable[[Any, str], Any]):
        self.place, self.function = workers.places[0], function

    def begin(self, part: Any) -> Any:
        return part

    def end(self, begun: Any) -> Any:
        return self.function(begun, self.place)

    def close(self) -> None:
        pass


class _Processes:
    """Fresh processes: a forked one could not use a GPU that its parent has touched."""

    def __init__(self, workers: Workers, function: Callable[[Any, str], Any]):
        self.function = function
        fresh = multiprocessing.get_context("spawn")
        places = fresh.SimpleQueue()
        for place in workers.places:
            places.put(place)
        self.pool = ProcessPoolExecutor(
            len(workers.places), mp_context=fresh, initializer=_settle, initargs=(places,)
        )

    def begin(self, part: Any) -> Future[Any]:
        try:
            return self.pool.submit(_do, self.function, part)
        except BrokenProcessPool as error:
            raise WorkerLost(WorkerLost.__doc__) from error

    def end(self, begun: Future[Any]) -> Any:
        try:
            return begun.result()
        except BrokenProcessPool as error:
            raise WorkerLost(WorkerLost.__doc__) from error

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)


def _settle(places: Any) -> None:
    """A worker takes a device, and one thread of its own: the others have theirs."""
    global _device  # noqa: PLW0603 - what a process is, not what a call does
    _device = places.get()
    import torch

    torch.set_num_threads(1)


def _do(function: Callable[[Any, str], Any], part: Any) -> Any:
    return function(part, _device)


class _Cluster:
    """Actors of Ray, each with a GPU of its own where the devices are GPUs, taken in turn."""

    def __init__(self, workers: Workers, function: Callable[[Any, str], Any]):
        import ray

        self.ray, self.mine = ray, not ray.is_initialized()
        if self.mine:
            ray.init(address=workers.cluster, log_to_driver=False)
        self.actors = [
            ray.remote(num_cpus=1, num_gpus=int(place.startswith("cuda")))(_Actor).remote(
                function, place
            )
            for place in workers.places
        ]
        self.turn = cycle(self.actors)

    def begin(self, part: Any) -> Any:
        return next(self.turn).do.remote(part)

    def end(self, begun: Any) -> Any:
        try:
            return self.ray.get(begun)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause if error.cause is not None else error from None
        except self.ray.exceptions.RayActorError as error:
            raise WorkerLost(WorkerLost.__doc__) from error

    def close(self) -> None:
        for actor in self.actors:
            self.ray.kill(actor)
        if self.mine:
            self.ray.shutdown()


class _Actor:
    def __init__(self, function: Callable[[Any, str], Any], place: str):
        # Ray shows an actor its own GPU alone, as the first.
        self.function, self.place = function, "cuda" if place.startswith("cuda") else place

    def do(self, part: Any) -> Any:
        return self.function(part, self.place)
