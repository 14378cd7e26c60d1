from __future__ import annotations

import pytest

from datarobot_provider.client.auth import Token, secrets_in, without_secrets
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
    assert list(secrets_in(body)) == ["sk-1", "sk-2"]
    assert list(secrets_in(None)) == []


def test_secrets_in_a_reply_are_masked_and_the_rest_is_left_alone():
    reply = {"guards": [{"openaiApiKey": "sk-1", "name": "g"}, {"openaiApiKey": None}], "count": 2}
    assert without_secrets(reply) == {
        "guards": [{"openaiApiKey": "***", "name": "g"}, {"openaiApiKey": None}],
        "count": 2,
    }
