from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from datarobot_provider.client.auth import Token, encodings, redact_secrets, secret_values, url_signatures
from datarobot_provider.exceptions import ConfigurationError
from tests.unit.support import TOKEN


def test_a_token_returns_the_bearer_header():
    assert Token(f"  {TOKEN}\n").header() == f"Bearer {TOKEN}"


def test_the_representation_of_a_token_does_not_contain_it():
    token = Token(TOKEN)
    assert TOKEN not in f"{token!r} {token} {[token]}"
    assert not hasattr(token, "__dict__")


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_token_is_refused(value):
    with pytest.raises(ConfigurationError, match="the password is empty"):
        Token(value)


@pytest.mark.parametrize("value", ["two words", "line\r\nX-Evil: 1", "tök-en-value", "tab\there", "nul\0here"])
def test_a_token_invalid_in_a_header_is_refused_without_showing_it(value):
    with pytest.raises(ConfigurationError, match="characters") as caught:
        Token(value)
    assert value not in str(caught.value)


def test_the_token_and_other_secrets_are_redacted():
    text = Token(TOKEN).redact(f"sent {TOKEN} and sk-12345, twice {TOKEN}", ["sk-12345"])
    assert text == "sent *** and ***, twice ***"


def test_a_very_short_secret_is_not_redacted():
    assert Token(TOKEN).redact("a cat sat", ["a"]) == "a cat sat"


def test_secret_values_are_found_at_any_depth():
    body = {"data": [{"openaiApiKey": "sk-1", "deep": ({"openaiApiKey": "sk-2"},)}], "openaiApiKey": None, "n": 1}
    assert list(secret_values(body)) == ["sk-1", "sk-2"]
    assert list(secret_values(None)) == []


def test_secrets_in_a_response_are_redacted_and_the_rest_is_unchanged():
    response = {"guards": [{"openaiApiKey": "sk-1", "name": "g"}, {"openaiApiKey": None}], "count": 2}
    assert redact_secrets(response) == {
        "guards": [{"openaiApiKey": "***", "name": "g"}, {"openaiApiKey": None}],
        "count": 2,
    }


WILD = "tok+en/with=all:kinds&of\"<'>signs"
ECHOES = {
    "plain": WILD,
    "URL": quote(WILD, safe=""),
    "URL, slashes kept": quote(WILD),
    "URL, lower case": quote(WILD, safe="").replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")
    .replace("%3A", "%3a").replace("%3C", "%3c").replace("%3E", "%3e"),
    "form": quote_plus(WILD),
    "JSON": json.dumps({"echo": WILD}),
    "JSON, slashes escaped": json.dumps({"echo": WILD}).replace("/", "\\/"),
    "HTML": html.escape(WILD),
    "hex": WILD.encode().hex(),
    "HEX": WILD.encode().hex().upper(),
    **{f"base64, {n} before": base64.b64encode(b"Bearer"[:n] + WILD.encode()).decode() for n in range(7)},
    **{f"base64, {n} after": base64.b64encode(WILD.encode() + b"\r\nHost"[:n]).decode() for n in range(4)},
    "base64 for URLs": base64.urlsafe_b64encode(b"?" + WILD.encode()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_a_token_is_redacted_in_all_encodings(echo):
    token = Token(WILD)
    for text in (token.redact(f"before {echo} after"), token.redact_bytes(f"before {echo} after".encode()).decode()):
        assert "***" in text
        assert text.startswith("before ")
        assert text.endswith(" after")
        assert not any(form in text for form in encodings(WILD))


def test_other_secrets_are_redacted_in_a_body():
    assert Token(TOKEN).redact_bytes(f"{TOKEN} sk-12345".encode(), ["sk-12345"]) == b"*** ***"


def test_a_short_secret_has_no_base64_or_hexadecimal_form():
    assert base64.b64encode(b"sk-1234").decode() not in encodings("sk-1234")
    assert encodings("abc") == ()


def test_the_signatures_of_a_signed_url():
    signature, credential = "a" * 20 + "+/=", "AKIA/20261123/eu/s3"
    url = f"https://s3.example/b/k?X-Amz-Date=20261123T0&X-Amz-Credential={quote(credential, safe='')}"
    url += f"&X-Amz-Signature={quote(signature, safe='')}#fragment"
    found = url_signatures(url)
    assert {signature, quote(signature, safe=""), credential, quote(credential, safe="")} <= set(found)
    assert found[0].startswith("X-Amz-Date=")
    assert "20261123T0" not in found
    assert not any("fragment" in part for part in found)
    assert url_signatures("https://s3.example/b/k") == ()
