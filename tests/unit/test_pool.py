"""One interface for one process and for several: the same results, in order, within bounds."""

import os
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from quality.rescoring import kernels, pool
from quality.rescoring.pool import Workers
from tests.unit.test_matching import scene


def where(part, device):
    return part, device, os.getpid()


def broken(part, device):
    raise ValueError(f"part {part} on {device}")


def killed(part, device):
    os.kill(os.getpid(), signal.SIGKILL)


def matched(seed, device):
    return kernels.match(**scene(seed, 20, 10), place=device)


def test_alone_nothing_leaves_this_process():
    done = list(pool.over(Workers(), where, range(5)))
    assert done == [(i, "cpu", os.getpid()) for i in range(5)]


def test_several_processes_share_the_parts_and_keep_their_order():
    done = list(pool.over(Workers(processes=2), where, range(40)))
    assert [part for part, _, _ in done] == list(range(40))
    assert os.getpid() not in {pid for _, _, pid in done}


def test_every_device_has_a_process_of_its_own():
    done = list(pool.over(Workers(devices=("cpu", "cpu:0")), where, range(60)))
    places = {pid: device for _, device, pid in done}
    assert sorted(places.values()) in (["cpu", "cpu:0"], ["cpu"], ["cpu:0"])


def test_several_processes_reckon_what_one_reckons():
    alone, several = (list(pool.over(Workers(processes=n), matched, range(6))) for n in (1, 2))
    for one, other in zip(alone, several, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("processes", [1, 2])
def test_only_a_few_parts_are_under_way(processes):
    taken = []
    parts = (taken.append(i) or i for i in range(1000))
    results = pool.over(Workers(processes=processes), where, parts)
    next(results)
    results.close()
    assert len(taken) <= pool.AHEAD * processes


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_part_raises_is_raised_here(processes):
    with pytest.raises(ValueError, match="part 0 on cpu"):
        list(pool.over(Workers(processes=processes), broken, range(3)))


def test_a_worker_that_is_killed_is_said_to_be_lost():
    with pytest.raises(pool.WorkerLost, match="killed"):
        list(pool.over(Workers(processes=2), killed, range(3)))


def test_nobody_to_work_is_refused():
    with pytest.raises(ValueError, match="processes"):
        list(pool.over(Workers(processes=0), where, range(3)))


def test_actors_of_a_cluster_reckon_the_same(tmp_path, monkeypatch):
    """On a cluster of this machine alone; where the extra `[cluster]` is installed."""
    ray = pytest.importorskip("ray")
    root = str(Path(__file__).resolve().parents[2])
    shown = {"env_vars": {"PYTHONPATH": os.pathsep.join([root, *sys.path])}}
    monkeypatch.setenv("HOME", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=shown)
        try:
            workers = Workers(processes=2, cluster="auto")
            done = list(pool.over(workers, where, range(12)))
            assert [part for part, _, _ in done] == list(range(12))
            assert os.getpid() not in {pid for _, _, pid in done}
            with pytest.raises(ValueError, match="part 0 on cpu"):
                list(pool.over(workers, broken, range(3)))
            with pytest.raises(pool.WorkerLost):
                list(pool.over(workers, killed, range(3)))
        finally:
            ray.shutdown()
