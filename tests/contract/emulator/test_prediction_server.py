"""The prediction server image: metadata, content, and the object storage."""

import hashlib
from urllib.parse import urlsplit

import pytest
import requests
from requests.exceptions import ChunkedEncodingError as CutError

IMAGE = "/mlops/portablePredictionServerImage/"
SIZE = 3_500_000


def create_image(api, **fields):
    return api.control("POST", "image", {"size": SIZE, "redirect": False, **fields})


def presigned_url(api):
    """Create an image with a redirect and return its pre-signed URL."""
    response = api("GET", IMAGE)
    assert response.status_code == 302
    return response.headers["Location"]


def fetch(address, **headers):
    return requests.get(address, headers=headers, timeout=10)


def content_until_cut(address):
    """Return the content that arrives before the connection is aborted."""
    got = b""
    try:
        with requests.get(address, stream=True, timeout=10) as response:
            for piece in response.iter_content(1000):
                got += piece
    except CutError:
        return got
    return pytest.fail("the connection was not cut")


def sha(content):
    return hashlib.sha256(content).hexdigest()


def test_missing_image_is_404(api):
    for path in (IMAGE, IMAGE + "metadata/"):
        assert api("GET", path).status_code == 404
    create_image(api)
    assert api("GET", IMAGE + "metadata/").status_code == 200
    api.control("DELETE", "image")
    assert api("GET", IMAGE).status_code == 404


def test_content_matches_the_metadata(api, conforms):
    created = create_image(api)
    metadata = conforms("PPSImageMetadataResponse", api("GET", IMAGE + "metadata/"))
    assert metadata == created
    response = api("GET", IMAGE)
    assert (response.status_code, len(response.content)) == (200, metadata["imageSize"])
    assert sha(response.content) == metadata["hash"]
    assert metadata["filename"] in response.headers["Content-Disposition"]
    assert metadata["dockerImageId"].startswith(f"sha256:{metadata['shortDockerImageId']}")
    assert response.content == api("GET", IMAGE).content
    assert create_image(api)["hash"] != metadata["hash"]


def test_large_image_takes_no_memory(api):
    created = create_image(api, size=2_000_000_000)
    with api("GET", IMAGE, stream=True) as response:
        assert response.headers["Content-Length"] == "2000000000"
        assert len(next(response.iter_content(1000))) == 1000
    # The server has detected the closed connection.
    assert api("GET", "/version/").elapsed.total_seconds() < 1
    assert created["imageSize"] == 2_000_000_000


@pytest.mark.parametrize("redirect", [True, False])
def test_corrupt_and_short_images(api, redirect):
    created = create_image(api, redirect=redirect, corrupt=True)
    content = fetch(presigned_url(api)).content if redirect else api("GET", IMAGE).content
    assert len(content) == SIZE
    assert sha(content) != created["hash"]
    created = create_image(api, redirect=redirect, short=True)
    content = fetch(presigned_url(api)).content if redirect else api("GET", IMAGE).content
    assert len(content) < created["imageSize"] == SIZE


def test_redirect_leads_to_another_origin(api):
    created = create_image(api, redirect=True)
    address = presigned_url(api)
    here, there = urlsplit(api.emulator.url), urlsplit(address)
    assert (here.hostname, there.hostname, here.port) == ("127.0.0.1", "localhost", there.port)
    assert not there.path.startswith("/api/v2")
    response = fetch(address)
    assert (response.status_code, sha(response.content)) == (200, created["hash"])
    assert response.headers["ETag"]
    # requests removes the Authorization header when the host changes.
    assert sha(api.session.get(api.emulator.endpoint + IMAGE, timeout=10).content) == created["hash"]
    assert [r["authorization"] for r in api.control("GET", "foreign-requests")["data"]] == ["absent", "absent"]


def test_ranges(api):
    create_image(api, redirect=True)
    address = presigned_url(api)
    whole = fetch(address)
    part = fetch(address, Range="bytes=1000000-1999999")
    assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 1000000-1999999/{SIZE}")
    assert part.content == whole.content[1_000_000:2_000_000]
    rest = fetch(address, Range=f"bytes={SIZE - 10}-", **{"If-Range": whole.headers["ETag"]})
    assert (rest.status_code, rest.content) == (206, whole.content[-10:])
    stale = fetch(address, Range=f"bytes={SIZE - 10}-", **{"If-Range": '"another"'})
    assert (stale.status_code, len(stale.content)) == (200, SIZE)
    beyond = fetch(address, Range=f"bytes={SIZE}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{SIZE}")
    ranges = [r["range"] for r in api.control("GET", "foreign-requests")["data"]]
    assert ranges[:2] == [None, "bytes=1000000-1999999"]


def test_corrupt_byte_is_in_the_range_that_contains_it(api):
    create_image(api, redirect=True, corrupt=True)
    address = presigned_url(api)
    whole = fetch(address).content
    middle = SIZE // 2
    assert fetch(address, Range=f"bytes={middle - 5}-{middle + 5}").content == whole[middle - 5 : middle + 6]


def test_download_resumes_after_a_cut(api):
    created = create_image(api, redirect=True)
    address = presigned_url(api)
    api.control("POST", "faults", {"path": "^/storage/", "cut": "inside"})
    got = content_until_cut(address)
    assert 0 < len(got) < SIZE
    got += fetch(address, Range=f"bytes={len(got)}-").content
    assert sha(got) == created["hash"]


def test_cut_inside_the_direct_response(api):
    create_image(api)
    api.control("POST", "faults", {"path": "portable", "cut": "inside"})
    with pytest.raises(CutError):
        api("GET", IMAGE)
    assert api("GET", IMAGE).status_code == 200


@pytest.mark.parametrize("cut", ["before", "after"])
def test_cut_without_a_response(api, cut):
    create_image(api, redirect=True)
    address = presigned_url(api)
    api.control("POST", "faults", {"path": "^/storage/", "cut": cut})
    with pytest.raises(requests.ConnectionError):
        fetch(address)
    assert api.control("GET", "foreign-requests")["data"][0]["status"] is None
    api.control("POST", "faults", {"path": "^/storage/", "status": 503})
    assert fetch(address).status_code == 503


def test_storage_requires_a_valid_signature(api):
    create_image(api, redirect=True)
    address = presigned_url(api)
    bare, _, _ = address.partition("?")
    assert [fetch(each).status_code for each in (bare, address + "0", address.replace("/storage/", "/storage/x"))] == [
        403,
        403,
        403,
    ]
    rejected = fetch(address, Authorization="Bearer x")
    assert (rejected.status_code, rejected.headers["Content-Type"]) == (400, "text/plain")
    assert requests.post(address, timeout=10).status_code == 405
    create_image(api, redirect=True)
    assert fetch(address).status_code == 404
    log = api.control("GET", "foreign-requests")["data"]
    assert [r["authorization"] for r in log] == ["absent"] * 3 + ["present"] + ["absent"] * 2
    assert [r["status"] for r in log] == [403, 403, 403, 400, 405, 404]
    assert "Signature" not in str(log)
    api.control("DELETE", "foreign-requests")
    assert api.control("GET", "foreign-requests") == {"data": []}


def test_storage_requests_are_not_api_requests(api):
    create_image(api, redirect=True)
    fetch(presigned_url(api))
    assert [r["path"] for r in api.control("GET", "requests")["data"]] == [f"/api/v2{IMAGE}"]


def test_origin_stays_the_same_for_another_host_name(api):
    create_image(api, redirect=True)
    response = api("GET", IMAGE, headers={"Host": "robot.example.com", "X-Forwarded-Proto": "https"})
    assert response.headers["Location"].startswith("https://robot.example.com/storage/")


@pytest.mark.parametrize("body", [{}, {"size": 0, "redirect": True}, {"size": 1}, {"size": 1, "redirect": "yes"}])
def test_invalid_request_is_rejected(api, body):
    with pytest.raises(RuntimeError, match="returned 422"):
        api.control("POST", "image", body)
