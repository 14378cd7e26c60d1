"""Faults that could reveal secrets: errors that echo them, cut connections, redirects to another host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.audit.conftest import CANARY
from tests.audit.echoes import ECHOES, echo
from tests.audit.operations import EVERY_OPERATION, Operation, create_resources, operations
from tests.pairwise import axis, pairwise
from tests.support.proxy import JSON, Received, Response

if TYPE_CHECKING:
    from tests.audit.conftest import AuditedRun

_STATUSES_BY_KIND = ((400, 409, 413, 422), (401, 403), (404, 410), (429, 503), (500, 502, 504))
_KIND_OF_STATUS = {status: kind for kind in _STATUSES_BY_KIND for status in kind}
STATUSES = axis(sorted(_KIND_OF_STATUS), kind=_KIND_OF_STATUS.get)
#: Redirects that keep the method, and those that do not.
REDIRECTS = axis((300, 301, 302, 303, 307, 308), kind=lambda status: status in {307, 308})


@pytest.fixture
def by_name(audited: AuditedRun, tmp_path) -> dict[str, Operation]:
    return operations(create_resources(audited, tmp_path))


@pairwise(name=EVERY_OPERATION)
def test_without_a_fault(audited, by_name, run_and_search, name):
    operation = by_name[name]
    if name == "any request":
        operation.arguments["json"] = {**operation.arguments["json"], "templateId": "none"}
    run_and_search(operation.kind, **operation.arguments)
    assert any(operation.matches(received) for received in audited.proxy.received)


@pairwise(name=EVERY_OPERATION, status=STATUSES)
def test_an_error_that_echoes_the_request(audited, by_name, run_and_search, name, status):
    audited.proxy.respond = by_name[name].apply_rule(echo("message", status))
    run_and_search(by_name[name].kind, **by_name[name].arguments)


@pairwise(name=EVERY_OPERATION, style=axis(each for each in ECHOES if each != "message"), status=axis((422, 500)))
def test_an_error_that_echoes_the_request_in_other_forms(audited, by_name, run_and_search, name, style, status):
    audited.proxy.respond = by_name[name].apply_rule(echo(style, status))
    run_and_search(by_name[name].kind, **by_name[name].arguments)


@pairwise(name=EVERY_OPERATION, style=axis(("page", "text, body first", "codes")))
def test_a_success_that_echoes_the_request(audited, by_name, run_and_search, name, style):
    audited.proxy.respond = by_name[name].apply_rule(echo(style, 200))
    run_and_search(by_name[name].kind, **by_name[name].arguments)


@pairwise(name=EVERY_OPERATION, cut=axis((0, 40)))
def test_a_connection_that_is_cut(audited, by_name, run_and_search, name, cut):
    def rule(received: Received) -> Response:
        return Response(200, JSON, json.dumps({"message": received.text() * 3}).encode(), cut=cut)

    audited.proxy.respond = by_name[name].apply_rule(rule)
    run_and_search(by_name[name].kind, **by_name[name].arguments)


@pairwise(name=EVERY_OPERATION, status=REDIRECTS)
def test_a_redirect_to_a_foreign_host(audited, by_name, run_and_search, name, status):
    def rule(received: Received) -> Response:
        return Response(status, {**JSON, "Location": f"{audited.foreign_host.url}{received.target}"}, received.raw())

    audited.proxy.respond = by_name[name].apply_rule(rule)
    run_and_search(by_name[name].kind, **by_name[name].arguments)
    assert audited.foreign_host.received == []


@pytest.mark.parametrize("name", ["start a job", "any request", "upload"])
def test_a_location_at_a_foreign_host_is_requested_from_the_own_host(audited, by_name, run_and_search, name):
    def rule(received: Received) -> Response | None:
        if by_name[name].matches(received):
            return Response(202, {**JSON, "Location": f"{audited.foreign_host.url}/api/v2/status/{CANARY}/"}, b"{}")
        return None

    audited.proxy.respond = rule
    run_and_search(by_name[name].kind, **by_name[name].arguments)
    assert audited.foreign_host.received == []


@pytest.mark.parametrize("name", ["list models", "list templates"])
def test_a_next_page_at_a_foreign_host_is_requested_from_the_own_host(audited, by_name, run_and_search, name):
    pages = iter(
        [f"{audited.foreign_host.url}/api/v2/{path}" for path in ("guardTemplates/?offset=1", "customModels/?o=2")]
    )

    def rule(_: Received) -> Response:
        body = {"data": [{"id": "1", "name": CANARY}], "next": next(pages, None)}
        return Response(200, JSON, json.dumps(body).encode())

    audited.proxy.respond = rule
    run_and_search(by_name[name].kind, **by_name[name].arguments)
    assert len(audited.proxy.received) == 3
    assert audited.foreign_host.received == []
