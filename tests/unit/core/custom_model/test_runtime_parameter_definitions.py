"""Definitions of runtime parameters from a metadata file and from a version."""

from __future__ import annotations

import pytest

from datarobot_provider.core.custom_model.metadata_file import parse_metadata
from datarobot_provider.core.custom_model.runtime_parameter_definitions import (
    Definition,
    definitions_from_metadata,
    definitions_from_version,
)
from datarobot_provider.exceptions import InputError


def parse(definitions):
    return definitions_from_metadata(parse_metadata(f"runtimeParameterDefinitions: {definitions}\n".encode(), "file"))


@pytest.mark.parametrize("definitions", ["", "null", "~", "[]"])
def test_definitions_may_be_empty(definitions):
    assert parse(definitions) == {}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("type: string", Definition("string")),
        ("type: string, allowEmpty: false", Definition("string", required=True)),
        ("type: string, allowEmpty: No, defaultValue: ''", Definition("string", required=True)),
        ("type: string, allowEmpty: off, defaultValue: 0", Definition("string")),
        ("type: string, allowEmpty: null", Definition("string")),
        ("type: numeric, minValue: -1, maxValue: '2.5'", Definition("numeric", minimum=-1, maximum=2.5)),
        ("type: numeric, minValue: null, maxValue: ''", Definition("numeric")),
        ("type: string, minValue: few", Definition("string")),
        ("type: credential, credentialType: s3", Definition("credential", credential_type="s3")),
        ("type: newer, credentialType: [x]", Definition("newer")),
    ],
)
def test_definition_is_parsed(definition, expected):
    assert parse(f"[{{fieldName: A, {definition}}}]") == {"A": expected}


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ("{a: b}", "should be a list"),
        ("text", "should be a list"),
        ("[x]", "entry 1 needs a fieldName and a type"),
        ("[{type: string}]", "entry 1 needs a fieldName and a type"),
        ("[{fieldName: A}]", "entry 1 needs a fieldName and a type"),
        ("[{fieldName: A, type: string}, {fieldName: A, type: string}]", "A is defined twice"),
        ("[{fieldName: A, type: string, allowEmpty: maybe}]", "allowEmpty should be true or false for A"),
        ("[{fieldName: A, type: numeric, minValue: few}]", "minValue should be a number for A"),
        ("[{fieldName: A, type: numeric, maxValue: .inf}]", "maxValue should be a number for A"),
    ],
)
def test_invalid_definitions_are_refused(definitions, message):
    with pytest.raises(InputError, match=r"^model-metadata\.yaml: runtimeParameterDefinitions") as refusal:
        parse(definitions)
    assert message in str(refusal.value)


def test_error_lists_all_problems():
    with pytest.raises(InputError, match=r"entry 1 needs .*; entry 2 needs .*; maxValue should be a number for A"):
        parse("[x, {type: string}, {fieldName: A, type: numeric, maxValue: x}]")


def test_invalid_definitions_of_a_version_are_omitted():
    rows = [
        {"fieldName": "A", "type": "numeric", "minValue": 0, "maxValue": "x", "overrideValue": 0},
        {"fieldName": "B", "type": "credential", "credentialType": 5, "allowEmpty": False},
        {"fieldName": "C", "type": "string", "allowEmpty": False, "defaultValue": "c"},
        {"fieldName": "D"},
        {"fieldName": 5, "type": "string"},
        "odd",
    ]
    assert definitions_from_version({"runtimeParameters": rows}) == {
        "A": Definition("numeric", minimum=0, is_set=True),
        "B": Definition("credential", required=True),
        "C": Definition("string"),
    }
    assert (
        definitions_from_version({"runtimeParameters": None})
        == definitions_from_version({"runtimeParameters": "x"})
        == definitions_from_version({})
        == {}
    )
