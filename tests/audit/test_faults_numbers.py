"""What the faults were searched for, in numbers; in the order of the files this runs after all of them."""

from __future__ import annotations

AREAS = ("exceptions", "task log", "logs of libraries, masked", "XCom, trigger, event, state store", "foreign host")


#: What the tasks of ``make test-all`` lead to at least; a selection of them has to do its share.
TASKS = 937
LEAST = {"exceptions: raised": 500, "front: requests": 1000, "foreign host: requests": 100}


def test_everything_was_searched_and_the_search_could_find(searched):
    tasks = searched.counts["tasks: run"]
    assert tasks > TASKS / 10
    for name, least in LEAST.items():
        assert searched.counts[name] > least * tasks / TASKS, name
    for area in AREAS:
        assert searched.counts[f"{area}: texts"] > 0, area
        assert searched.canaries[area] > 0, area
