"""Tokens: validation, and redaction in the request log."""

import pytest
import requests

from datarobot_provider.emulator import running
from datarobot_provider.emulator.command import TOKEN_VARIABLE, main
from datarobot_provider.emulator.web.tokens import TokenError

SHORT = ["", "t", "seven-c", "with a space", "line\nbreak", "\u00fcmlaut-token"]


@pytest.mark.parametrize("token", SHORT)
def test_invalid_token_is_rejected_at_the_start(token):
    with pytest.raises(TokenError, match="at least 8 characters") as error, running(token=token):
        pass
    assert len(token) < 2 or token not in str(error.value)


@pytest.mark.parametrize("token", SHORT)
def test_command_rejects_an_invalid_token(capsys, token):
    assert main(["--token", token]) == 2
    assert "at least 8 characters" in capsys.readouterr().err


@pytest.mark.parametrize("token", SHORT[1:])
def test_command_rejects_an_invalid_token_of_the_environment(capsys, monkeypatch, token):
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    assert main([]) == 2
    assert "at least 8 characters" in capsys.readouterr().err


@pytest.mark.parametrize("token", SHORT[1:])
def test_control_api_rejects_an_invalid_token(api, token):
    with pytest.raises(RuntimeError, match="returned 422") as error:
        api.control("POST", "tokens", {"token": token})
    assert "at least 8 characters" in str(error.value)


@pytest.mark.parametrize("token", ["customMo", "rsion/x/", "api/v2/c", "requests", "emulator"])
def test_token_inside_a_word_of_a_path_is_not_redacted(token):
    with running(token=token) as emulator:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": f"python-{token}s/2.0"}
        requests.get(f"{emulator.endpoint}/customModels/?searchFor=my-{token}", headers=headers, timeout=5)
        (seen,) = emulator.control("GET", "requests")["data"]
    assert (seen["path"], seen["status"]) == ("/api/v2/customModels/", 200)
    assert (seen["query"], seen["userAgent"]) == (f"searchFor=my-{token}", f"python-{token}s/2.0")


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/api/v2/{}/", ("/api/v2/[hidden]/", "")),
        ("/api/v2/customModels/{}/versions/", ("/api/v2/customModels/[hidden]/versions/", "")),
        ("/api/v2/version/?searchFor={}&limit=1", ("/api/v2/version/", "searchFor=[hidden]&limit=1")),
        ("/api/v2/version/?a=1&{}", ("/api/v2/version/", "a=1&[hidden]")),
        ("/api/v2/version/?a=Bearer%20{}", ("/api/v2/version/", "a=Bearer%20[hidden]")),
        ("/api/v2/version/?a=%74oken%2Dof%2Dthe%2Demulator%2Dtests", ("/api/v2/version/", "a=[hidden]")),
        ("/api/v2/version/?a=x%20y&b=%2B+", ("/api/v2/version/", "a=x%20y&b=%2B+")),
    ],
)
def test_token_that_is_a_whole_value_is_redacted(api, path, logged):
    token = api.emulator.token
    api.control("DELETE", "requests")
    headers = {"User-Agent": f"tool {token} (key={token})", "Content-Type": f"text/plain; x={token}"}
    requests.get(
        api.emulator.url + path.format(token), headers={**headers, "Authorization": f"Bearer {token}"}, timeout=5
    )
    (seen,) = api.control("GET", "requests")["data"]
    assert (seen["path"], seen["query"]) == logged
    assert seen["userAgent"] == "tool [hidden] (key=[hidden])"
    assert seen["contentType"] == "text/plain; x=[hidden]"
    assert token not in str(seen)


def test_token_is_redacted_in_the_storage_log(api):
    token = api.emulator.token
    requests.get(f"{api.emulator.url}/storage/{token}?key={token}", headers={"Range": token}, timeout=5)
    (seen,) = api.control("GET", "foreign-requests")["data"]
    assert (seen["path"], seen["range"]) == ("/storage/[hidden]", "[hidden]")


def test_no_secret_is_recorded(api):
    """Bodies are not recorded. Of the headers, only the user agent and the content type are."""
    model = api.model()
    api.version(model)
    key = "sk-a-key-for-a-language-model"
    guard = {"name": "g", "description": "", "type": "ootb", "ootbType": "token_count", "stages": ["prompt"]}
    body = {"customModelId": model, "data": [{**guard, "openaiApiKey": key}]}
    created = api("POST", "/guardConfigurations/toNewCustomModelVersion/", json=body)
    assert created.status_code == 200, created.text
    listing = api(
        "GET", f"/guardConfigurations/?entityType=customModelVersion&entityId={created.json()['customModelVersionId']}"
    )
    archive = api("GET", f"/customModels/{model}/download/")
    log = str([api.control("GET", path) for path in ("requests", "foreign-requests")])
    assert key not in listing.text + log
    assert key.encode() not in archive.content


@pytest.mark.parametrize("path", ["/api/v2/x;token={}/", "/api/v2/x;a=1,{};b=2/", "/storage/x;key={}"])
def test_token_in_a_path_parameter_is_redacted(api, path):
    requests.get(api.emulator.url + path.format(api.emulator.token), timeout=5)
    seen = [*api.control("GET", "requests")["data"], *api.control("GET", "foreign-requests")["data"]]
    assert [entry["path"] for entry in seen] == [path.format("[hidden]")]
