from __future__ import annotations

import pytest

from datarobot_provider.client.endpoint import Endpoint, api_path
from datarobot_provider.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("host", "port", "origin"),
    [
        ("https://dr.example/api/v2", None, "https://dr.example"),
        ("https://dr.example/api/v2/", None, "https://dr.example"),
        ("https://dr.example", None, "https://dr.example"),
        ("https://dr.example/", None, "https://dr.example"),
        ("dr.example", None, "https://dr.example"),
        ("https://dr.example./api/v2", None, "https://dr.example."),
        ("http://data_robot:8080", None, "http://data_robot:8080"),
        ("https://dätarobot.example", None, "https://dätarobot.example"),
        ("https://dr-1", None, "https://dr-1"),
        ("dr.example/api/v2", None, "https://dr.example"),
        ("  https://dr.example/api/v2  ", None, "https://dr.example"),
        ("http://127.0.0.1:8080/api/v2", None, "http://127.0.0.1:8080"),
        ("http://127.0.0.1", 8080, "http://127.0.0.1:8080"),
        ("127.0.0.1:8080", None, "https://127.0.0.1:8080"),
        ("http://127.0.0.1:8080", 9090, "http://127.0.0.1:8080"),
        ("http://[::1]:8080/api/v2", None, "http://[::1]:8080"),
        ("http://[::1]", 8080, "http://[::1]:8080"),
    ],
)
def test_every_usual_spelling_of_the_host_is_the_same_endpoint(host, port, origin):
    assert Endpoint.parse(host, port).origin == origin


@pytest.mark.parametrize("host", [None, "", "   "])
def test_a_missing_host_is_refused(host):
    with pytest.raises(ConfigurationError, match="the host is empty"):
        Endpoint.parse(host)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("ftp://dr.example", "not a valid URL"),
        ("https://", "not a valid URL"),
        ("https://dr.example:notaport", "not a valid URL"),
        ("https://dr.example:0", "not a valid URL"),
        ("https://dr.example:99999", "not a valid URL"),
        ("https://dr example", "not a valid URL"),
        (f"https://{'a' * 64}.example", "not a valid URL"),
        (f"https://{'a.' * 130}example", "not a valid URL"),
        ("https://dr..example", "not a valid URL"),
        ("https://.example", "not a valid URL"),
        ("https://*.dr.example", "not a valid URL"),
        ("https://dr\x00.example", "not a valid URL"),
        ("https://\u200bdr.example", "not a valid URL"),
        ("https://\ud800.example", "not a valid URL"),
        ("https://dr\\example", "not a valid URL"),
        ("https://${HOST}", "not a valid URL"),
        ("https://<host>", "not a valid URL"),
        ("https://127.1", "not a valid URL"),
        ("https://1.2.3.4.5", "not a valid URL"),
        ("https://[::1", "not a valid URL"),
        ("https://dr.example/api/v1", "has the path '/api/v1'"),
        ("https://dr.example/some/page", "has the path '/some/page'"),
        ("https://user@dr.example", "must not contain a user"),
        ("https://user:pass-word@dr.example", "must not contain a user"),
        ("https://dr.example/api/v2?x=1", "must not have a query or a fragment"),
        ("https://dr.example/api/v2#top", "must not have a query or a fragment"),
    ],
)
def test_an_invalid_host_is_refused_with_the_reason(host, reason):
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Endpoint.parse(host)
    assert "pass-word" not in str(caught.value)


def test_an_endpoint_builds_urls_of_the_api_and_of_pages():
    endpoint = Endpoint("https://dr.example")
    assert endpoint.url("customModels/") == "https://dr.example/api/v2/customModels/"
    assert endpoint.page("deployments/1/overview") == "https://dr.example/deployments/1/overview"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("https://dr.example/api/v2/status/1/", "status/1/"),
        ("/api/v2/status/1/", "status/1/"),
        (" https://dr.example/api/v2/status/1/ ", "status/1/"),
        ("https://dr.example/api/v2/list/?offset=2&limit=1", "list/?offset=2&limit=1"),
        ("https://dr.example/api/v2/a%2Fb/", "a%2Fb/"),
        ("https://dr.example/api/v2/status/1/#part", "status/1/"),
    ],
)
def test_api_path_returns_the_path_below_the_api(location, path):
    assert api_path(location) == path


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/api/v2/status/1/",
        "//evil.example/api/v2/status/1/",
        "https://dr.example@evil.example/api/v2/status/1/",
        "https://evil.example:8443/api/v2/status/1/",
    ],
)
def test_the_host_of_a_location_is_ignored(location):
    path = api_path(location)
    assert path == "status/1/"
    assert Endpoint("https://dr.example").url(path) == "https://dr.example/api/v2/status/1/"


@pytest.mark.parametrize(
    "location",
    [
        "",
        "status/1/",
        "https://dr.example/",
        "https://dr.example/api/v2",
        "https://dr.example/api/v1/status/1/",
        "https://dr.example/other/api/v2/status/1/",
        "https://dr.example/api/v2/../../secret/",
        "https://dr.example/api/v2/./status/",
        "https://dr.example/api/v2/%2e%2e/%2E%2e/secret/",
        "https://dr.example/api/v2/a%2f..%2f..%2fsecret/",
        "https://[half-an-address/api/v2/status/1/",
        "javascript:/api/v2/status/1/",
        "file:///api/v2/status/1/",
        "/api/v2/..;/..;a=b/secret/",
        "/api/v2/..\\..\\secret/",
        "/api/v2/%5c..%5csecret/",
        "/api/v2/a\\..\\secret/",
        "/api/v2/status/1\r\nX-Injected: 1/",
        "/api/v2/status/\x00/",
        "/api/v2/status/\ud800/",
        "/api/v2/" + "a" * 5000,
    ],
)
def test_a_location_outside_the_api_has_no_path(location):
    assert api_path(location) is None
