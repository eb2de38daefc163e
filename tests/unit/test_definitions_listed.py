"""The list of definitions holds every figure, each with what a definition must say."""

import inspect
from importlib import import_module

from metrics import definitions
from metrics.definitions import DEFINITIONS, GROUPS

ASKED_FOR = """
throughput; active time; efficiency; cost per label; cost per accepted label; time on labelling,
review and rework; first-pass acceptance; rework rate; gold accuracy; agreement; standing; skip
rate; lease expiry rate; utilisation; learning curve; drift; work in progress; cycle time; lead
time; yield per stage; rolled throughput yield; bottleneck; model-assistance savings; time to answer
a question; consistency on repeats; forecast
"""
RATES = ("share", "per active hour", "difference")


def test_every_figure_that_was_asked_for_is_there_once():
    names = [one.name.lower() for one in DEFINITIONS]
    assert len(set(names)) == len(names)
    assert len({one.key for one in DEFINITIONS}) == len(DEFINITIONS)
    wanted = {" ".join(name.split()) for name in ASKED_FOR.split(";")}
    assert wanted <= set(names), wanted - set(names)


def test_each_says_what_it_is_its_formula_its_unit_and_its_source():
    for one in DEFINITIONS:
        assert one.what and one.formula and one.unit and one.counted_from, one.key
        assert one.group in GROUPS and one.better in (-1, 0, 1)
        full = "full count" in one.unit
        assert full or one.undefined, f"{one.key} is never undefined?"
        assert full or one.source, f"{one.key}: whose interval is it?"
        if not full and any(word in one.unit for word in RATES):
            assert "n " in one.unit or "interval" in one.unit, one.key


def test_each_is_the_function_that_its_module_has_and_returns_nothing_for_nothing():
    for one in DEFINITIONS:
        module, name = one.where.rsplit(".", 1)
        assert getattr(import_module(module), name) is one.function
        assert getattr(definitions, name) is one.function
    nothing = (definitions.gold_accuracy, definitions.agreement, definitions.skip_rate,
               definitions.expiry_rate, definitions.consistency, definitions.rework_rate,
               definitions.stage_yield, definitions.first_pass_acceptance)  # fmt: skip
    assert {function(0, 0) for function in nothing} == {(None, 0, None, None)}


def test_a_function_that_says_a_formula_is_in_the_list():
    listed = {one.function for one in DEFINITIONS}
    for name in definitions.__all__:
        value = getattr(definitions, name)
        if inspect.isfunction(value) and "\nFormula: " in inspect.cleandoc(value.__doc__ or ""):
            assert value in listed, name
