from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from datarobot_provider.client.auth import Token, encodings, redact_secrets, secret_values, url_signatures
from datarobot_provider.exceptions import ConfigurationError
from tests.unit.support import TOKEN


def test_a_token_makes_the_bearer_header():
    assert Token(f"  {TOKEN}\n").header() == f"Bearer {TOKEN}"


def test_a_token_does_not_show_itself():
    token = Token(TOKEN)
    assert TOKEN not in f"{token!r} {token} {[token]}"
    assert not hasattr(token, "__dict__")


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_token_is_named(value):
    with pytest.raises(ConfigurationError, match="no password"):
        Token(value)


@pytest.mark.parametrize("value", ["two words", "line\r\nX-Evil: 1", "tök-en-value", "tab\there", "nul\0here"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(value):
    with pytest.raises(ConfigurationError, match="characters") as caught:
        Token(value)
    assert value not in str(caught.value)


def test_a_text_is_freed_of_the_token_and_of_other_secrets():
    text = Token(TOKEN).redact(f"sent {TOKEN} and sk-12345, twice {TOKEN}", ["sk-12345"])
    assert text == "sent *** and ***, twice ***"


def test_a_very_short_secret_does_not_blot_out_half_the_text():
    assert Token(TOKEN).redact("a cat sat", ["a"]) == "a cat sat"


def test_secrets_are_found_at_any_depth_of_a_body():
    body = {"data": [{"openaiApiKey": "sk-1", "deep": ({"openaiApiKey": "sk-2"},)}], "openaiApiKey": None, "n": 1}
    assert list(secret_values(body)) == ["sk-1", "sk-2"]
    assert list(secret_values(None)) == []


def test_secrets_in_a_response_are_masked_and_the_rest_is_left_alone():
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
def test_a_token_is_taken_out_however_the_server_writes_it(echo):
    token = Token(WILD)
    for text in (token.redact(f"before {echo} after"), token.redact_bytes(f"before {echo} after".encode()).decode()):
        assert "***" in text
        assert text.startswith("before ")
        assert text.endswith(" after")
        assert not any(form in text for form in encodings(WILD))


def test_a_body_is_freed_of_other_secrets_too():
    assert Token(TOKEN).redact_bytes(f"{TOKEN} sk-12345".encode(), ["sk-12345"]) == b"*** ***"


def test_a_short_secret_is_not_looked_for_in_codes_that_chance_may_write():
    assert base64.b64encode(b"sk-1234").decode() not in encodings("sk-1234")
    assert encodings("abc") == ()


def test_what_makes_a_signed_address_secret():
    signature, credential = "a" * 20 + "+/=", "AKIA/20261123/eu/s3"
    url = f"https://s3.example/b/k?X-Amz-Date=20261123T0&X-Amz-Credential={quote(credential, safe='')}"
    url += f"&X-Amz-Signature={quote(signature, safe='')}#fragment"
    found = url_signatures(url)
    assert {signature, quote(signature, safe=""), credential, quote(credential, safe="")} <= set(found)
    assert found[0].startswith("X-Amz-Date=")
    assert "20261123T0" not in found
    assert not any("fragment" in part for part in found)
    assert url_signatures("https://s3.example/b/k") == ()
