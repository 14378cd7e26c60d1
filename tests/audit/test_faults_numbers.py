"""What the faults were searched for, in numbers; in the order of the files this runs after all of them."""

from __future__ import annotations

AREAS = ("exceptions", "task log", "logs of libraries, masked", "XCom, trigger, event, state store", "foreign host")


def test_everything_was_searched_and_the_search_could_find(searched):
    assert searched.counts["exceptions: raised"] > 500
    assert searched.counts["front: requests"] > 1000
    assert searched.counts["foreign host: requests"] > 100
    for area in AREAS:
        assert searched.counts[f"{area}: texts"] > 0, area
        assert searched.canaries[area] > 0, area
