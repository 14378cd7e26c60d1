from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from datarobot_provider.client.request import Request, Response
from datarobot_provider.client.retry import RetryPolicy, may_repeat, retry_after, retry_steps
from datarobot_provider.exceptions import TransportError
from tests.unit.support import response

UNSENT = TransportError("refused", reason="refused", sent=False)
LOST = TransportError("lost", reason="lost", sent=True)


def one() -> float:
    return 1.0


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (UNSENT, True),
        (LOST, True),
        *((response(status), True) for status in (408, 429, 500, 501, 502, 503, 504, 505, 520, 529, 599)),
        *(
            (response(status), False)
            for status in (200, 204, 303, 307, 400, 401, 403, 404, 409, 410, 413, 422, 425, 499)
        ),
    ],
)
def test_a_safe_request_is_sent_again_after_any_transient_failure(method, outcome, again):
    assert may_repeat(Request(method, "x/"), outcome) is again


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (UNSENT, True),
        (LOST, False),
        (response(429, retry_after="1"), True),
        (response(503, retry_after="0"), True),
        *((response(status), False) for status in (200, 202, 408, 413, 422, 429, 500, 501, 502, 503, 504)),
        *((response(status, retry_after="1"), False) for status in (408, 413, 500, 502, 504)),
        (response(503, retry_after="soon"), False),
    ],
)
def test_an_unsafe_request_is_sent_again_only_if_it_was_not_processed(method, outcome, again):
    assert may_repeat(Request(method, "x/"), outcome) is again


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("7", 7.0), (" 120 ", 120.0)])
def test_retry_after_is_read_as_seconds(value, seconds):
    assert retry_after(response(429, retry_after=value)) == seconds


def test_retry_after_is_read_as_a_date():
    moment = datetime.now(UTC) + timedelta(seconds=90)
    assert retry_after(response(429, retry_after=format_datetime(moment))) == pytest.approx(90, abs=5)


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0100"])
def test_a_date_in_the_past_means_no_pause(zone):
    assert retry_after(response(429, retry_after=f"Wed, 21 Oct 2015 07:28:00 {zone}")) == 0.0


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "-1", "1.5", "Wed, 99 Oct 2015", "1e3", "NaN", "01 Jan 99999999999999 00:00:00 GMT"),
        *("Wed, 21 Oct 2015 07:28:00 +9999999999", "Wed, 21 Oct 2015 25:61:61 GMT", ", , ,", "\x00", "²"),
    ],
)
def test_an_invalid_retry_after_is_ignored(value):
    assert retry_after(response(429, retry_after=value)) is None


def test_pauses_double_up_to_the_cap_and_have_a_jitter():
    policy = RetryPolicy(base=0.5, cap=3.0)
    assert [policy.pause(count, LOST, one) for count in (1, 2, 3, 4, 5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert policy.pause(3, LOST, lambda: 0.25) == 0.5


def test_retry_after_is_limited_by_the_cap():
    policy = RetryPolicy(base=0.5, cap=60)
    assert policy.pause(1, response(429, retry_after="7"), lambda: 0.0) == 7.0
    assert policy.pause(1, response(429, retry_after="86400"), one) == 60
    assert policy.pause(1, response(503, retry_after="garbage"), one) == 0.5


def test_many_attempts_do_not_overflow():
    assert RetryPolicy(cap=3.0).pause(5000, LOST, one) == 3.0


def drive(
    request: Request, policy: RetryPolicy, outcomes: list[Response | TransportError]
) -> tuple[int, list[float], object]:
    """Return the number of attempts, the pauses, and the outcome."""
    steps, coming, pauses, sent = retry_steps(request, policy, one), iter(outcomes), [], 0
    step = next(steps)
    while True:
        try:
            if step is None:
                sent += 1
                step = steps.send(next(coming))
            else:
                pauses.append(step)
                step = next(steps)
        except StopIteration as stop:
            return sent, pauses, stop.value
        except TransportError as error:
            return sent, pauses, error


def test_the_first_successful_response_ends_the_attempts():
    good = response(200)
    repeated = replace(good, repeated=True)
    assert drive(Request("GET", "x/"), RetryPolicy(), [response(503), LOST, good]) == (3, [0.5, 1.0], repeated)


@pytest.mark.parametrize(
    ("before", "repeated"),
    [
        ([], False),
        ([UNSENT, UNSENT], False),
        ([response(429), response(429, retry_after="0")], False),
        ([response(503, retry_after="0")], False),
        ([LOST], True),
        ([LOST, UNSENT], True),
        ([response(503)], True),
        ([response(500, retry_after="1")], True),
        ([response(502), response(429)], True),
        ([response(408)], True),
    ],
)
def test_a_response_is_marked_if_an_earlier_attempt_may_have_been_processed(before, repeated):
    _, _, end = drive(Request("DELETE", "x/"), RetryPolicy(), [*before, response(404)])
    assert (end.status, end.repeated) == (404, repeated)


def test_the_mark_of_the_transport_is_kept():
    _, _, end = drive(Request("DELETE", "x/"), RetryPolicy(), [replace(response(404), repeated=True)])
    assert end.repeated


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_a_request_is_sent_with_all_attempts_and_no_more(attempts):
    sent, pauses, end = drive(Request("GET", "x/"), RetryPolicy(attempts=attempts), list(itertools.repeat(LOST, 10)))
    assert (sent, len(pauses), end) == (attempts, attempts - 1, LOST)


def test_the_last_error_response_is_returned_unchanged():
    last = response(503, {"message": "still down"})
    sent, _, end = drive(Request("GET", "x/"), RetryPolicy(attempts=2), [response(503), last])
    assert (sent, end) == (2, replace(last, repeated=True))


def test_a_post_whose_response_was_lost_is_not_sent_again():
    assert drive(Request("POST", "x/"), RetryPolicy(), [LOST]) == (1, [], LOST)
