"""Kernels compile where they may keep their code, and where they may not."""

import numba
import pytest

from quality.measures.arrays import codes, compiled


def add(a, b):
    return a + b


def test_nothing_is_compiled_before_the_first_call(monkeypatch):
    monkeypatch.setattr(numba, "njit", lambda **_: pytest.fail("compiled at decoration"))
    compiled(add)


def test_without_a_writable_cache_kernels_are_compiled_for_this_process(monkeypatch):
    real, asked = numba.njit, []
    real(add)(1, 1)  # numba imports parts of itself at the first compilation

    def njit(**options):
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(add)(2, 3) == 5
    assert asked == [True, False]


def test_an_empty_list_is_an_empty_array_of_codes():
    assert codes("asset", [], 0).dtype.kind == "i"
