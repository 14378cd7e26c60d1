"""The numbers of the search during the faults; this file runs after the other tests of the audit."""

from __future__ import annotations

AREAS = ("exceptions", "task log", "logs of libraries, masked", "XCom, trigger, event, state store", "foreign host")


#: Number of tasks in ``make test-all``, and their minimum counts; a selection of them must reach its share.
TASKS = 937
MINIMUM = {"exceptions: raised": 500, "proxy: requests": 1000, "foreign host: requests": 100}


def test_all_areas_were_searched_and_contain_canaries(searched):
    tasks = searched.counts["tasks: run"]
    assert tasks > TASKS / 10
    for name, minimum in MINIMUM.items():
        assert searched.counts[name] > minimum * tasks / TASKS, name
    for area in AREAS:
        assert searched.counts[f"{area}: strings"] > 0, area
        assert searched.canaries[area] > 0, area
