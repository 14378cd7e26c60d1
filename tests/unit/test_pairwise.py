"""``make test`` runs every value, and every pair of two kinds of values."""

from __future__ import annotations

import itertools

from tests.pairwise import Axis, axis, covering, pairwise

PLAIN = [[f"{name}{number}" for number in range(count)] for name, count in (("a", 7), ("b", 5), ("c", 4), ("d", 2))]


def ids(mark, *, full):
    """Return the ids of the parameters that are marked ``full``, or of the others."""
    return [each.id for each in mark.args[1] if bool(each.marks) is full]


def test_every_pair_of_values_of_every_two_axes_is_selected():
    combinations = list(itertools.product(*PLAIN))
    selected = covering(combinations, [{name: name for name in names} for names in PLAIN], [True] * len(PLAIN))
    for i, j in itertools.combinations(range(len(PLAIN)), 2):
        assert {(each[i], each[j]) for each in selected} == set(itertools.product(PLAIN[i], PLAIN[j]))
    assert 35 <= len(selected) <= 50
    assert len(combinations) == 280


def test_every_value_and_every_pair_of_kinds_is_selected():
    tens = axis(range(100), kind=lambda value: value // 10)
    mark = pairwise(number=tens, letter=Axis({"x": 1, "y": 2, "z": 3}))
    selected = [each.values for each in mark.args[1] if not each.marks]
    assert {number for number, _ in selected} == set(range(100))
    assert {(number // 10, letter) for number, letter in selected} == set(itertools.product(range(10), (1, 2, 3)))
    assert len(selected) == 100
    assert len(mark.args[1]) == 300


def test_one_value_of_each_kind_is_selected_where_that_is_enough():
    tens = axis(range(100), kind=lambda value: value // 10, every=False)
    mark = pairwise(number=tens, letter=axis("xyz"))
    selected = [each.values for each in mark.args[1] if not each.marks]
    assert {(number // 10, letter) for number, letter in selected} == set(itertools.product(range(10), "xyz"))
    assert len(selected) == 30
    assert len(mark.args[1]) == 300


def test_the_product_is_complete_and_in_order():
    mark = pairwise(first={"a": 1, "b": 2}, second={"c": 3, "d": 4})
    assert mark.args[0] == ("first", "second")
    assert [(each.id, each.values) for each in mark.args[1]] == [
        ("a-c", (1, 3)), ("a-d", (1, 4)), ("b-c", (2, 3)), ("b-d", (2, 4)),
    ]  # fmt: skip


def test_two_axes_without_kinds_are_selected_completely():
    assert ids(pairwise(first={"a": 1, "b": 2}, second={"c": 3, "d": 4}), full=True) == []


def test_combinations_that_do_not_exist_are_left_out():
    mark = pairwise(lambda first, second: first < second, first=axis([1, 2, 3]), second=axis([1, 2, 3]))
    assert [each.id for each in mark.args[1]] == ["1-2", "1-3", "2-3"]
    assert ids(mark, full=True) == []


def test_the_selection_is_the_same_every_time():
    axes = {"first": axis(range(30), kind=lambda value: value % 3), "second": axis("abcdef"), "third": axis("xyz")}
    assert ids(pairwise(**axes), full=False) == ids(pairwise(**axes), full=False)


def test_what_is_not_selected_is_marked_full():
    mark = pairwise(number=axis(range(4), kind=lambda _: None), letter=axis("ab"))
    selected, full = ids(mark, full=False), ids(mark, full=True)
    assert sorted(selected + full) == sorted(f"{number}-{letter}" for number in range(4) for letter in "ab")
    assert (len(selected), len(full)) == (4, 4)
    assert {tag.name for each in mark.args[1] for tag in each.marks} == {"full"}
