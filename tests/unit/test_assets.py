"""Assets of custom models and the events of the tasks that create a version."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors

from datarobot_provider.assets.datarobot import create_asset, custom_model_uri
from datarobot_provider.jobs.events import JobEvent
from datarobot_provider.jobs.model import JobRef, Outcome, Verdict
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.training_data import CreateVersionWithTrainingDataOperator
from tests.unit.support import response

try:
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime as ProvidersManager
except ImportError:  # before Airflow 3.2
    from airflow.providers_manager import ProvidersManager

URI = "datarobot://datarobot_default/customModels/m"
EXTRA = {"custom_model_id": "m", "custom_model_version_id": "v", "label": "1.1"}
ALIAS, ASSET = AssetAlias("new versions"), Asset(URI)


def test_the_uri_contains_the_connection_and_the_model():
    asset = create_asset(custom_model_id="m")
    assert custom_model_uri("m") == asset.uri == asset.name == URI
    assert custom_model_uri("m", "a/b:c#d") == "datarobot://a%2Fb%3Ac%23d/customModels/m"
    asset = create_asset(custom_model_id="m", datarobot_conn_id="a/b:c#d", extra={"owner": "me"})
    assert (asset.uri, asset.extra) == ("datarobot://a%2Fb%3Ac%23d/customModels/m", {"owner": "me"})


@pytest.mark.parametrize("uri", ["datarobot:///customModels/m", "datarobot://datarobot_default", "datarobot://c/"])
def test_a_uri_without_connection_or_path_is_refused(uri):
    with pytest.raises(ValueError, match="datarobot://<connection id>/customModels/<id>"):
        Asset(uri)


def test_airflow_finds_the_functions_of_the_scheme():
    manager = ProvidersManager()
    assert manager.asset_uri_handlers["datarobot"].__module__ == "datarobot_provider.assets.datarobot"
    assert manager.asset_factories["datarobot"](custom_model_id="m").uri == URI


@pytest.fixture
def convert() -> Any:
    """Return the function with which the OpenLineage provider converts an asset."""
    reason = "the OpenLineage provider is optional; it is in the extra dev"
    return pytest.importorskip("airflow.providers.openlineage.utils.utils", reason=reason).translate_airflow_asset


def test_the_openlineage_provider_converts_the_asset(convert, connection):
    dataset = convert(ASSET, None)
    assert (dataset.namespace, dataset.name) == ("datarobot://datarobot.example", "customModels/m")


def test_the_asset_of_a_missing_connection_is_not_converted(convert):
    assert convert(Asset("datarobot://nowhere/customModels/m"), None) is None


def events_of(context: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the events that the alias receives, and the extra of the asset's event."""
    outlets = context["outlet_events"]
    added = [(each.dest_asset_key.uri, each.extra) for each in outlets[ALIAS].asset_alias_events]
    return added, outlets[ASSET].extra


@pytest.fixture
def context(context) -> dict[str, Any]:
    return {**context, "outlet_events": OutletEventAccessors()}


def apply_guards(api: Any, **arguments: Any) -> ApplyGuardConfigOperator:
    api.on("GET", "customModels/m/versions/", response(body={"data": []}))
    api.on("POST", "guardConfigurations/toNewCustomModelVersion/", response(body={"customModelVersionId": "v"}))
    api.on("GET", "customModels/m/versions/v/", response(body={"id": "v", "label": "1.1"}))
    return ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=[{"name": "g"}], **arguments)


def test_a_new_version_is_an_event_of_the_alias_and_of_the_asset(api, context):
    assert apply_guards(api, outlets=[ALIAS, ASSET]).execute(context) == "v"
    assert events_of(context) == ([(URI, EXTRA)], EXTRA)


def test_a_field_that_is_already_set_is_kept(api, context):
    context["outlet_events"][ASSET].extra = {"label": "mine", "reviewed": True}
    apply_guards(api, outlets=[ASSET]).execute(context)
    assert events_of(context)[1] == {**EXTRA, "label": "mine", "reviewed": True}


def test_without_outlets_nothing_is_requested_or_emitted(api, context):
    apply_guards(api).execute(context)
    assert "customModels/m/versions/v/" not in api.paths()
    assert events_of(context) == ([], {})


def test_a_version_that_cannot_be_read_has_an_event_without_label(api, context):
    task = apply_guards(api, outlets=[ALIAS])
    api.on("GET", "customModels/m/versions/v/", response(403, {"message": "no"}))
    assert task.execute(context) == "v"
    assert events_of(context)[0] == [(URI, {name: EXTRA[name] for name in list(EXTRA)[:2]})]


def test_a_deferred_task_emits_the_event_at_its_end(api, context):
    task = CreateVersionWithTrainingDataOperator(
        task_id="t", custom_model_id="m", training_data={"datasetId": "d"}, outlets=[ALIAS], deferrable=True
    )
    api.on("GET", "customModels/m/versions/v/", response(body={"id": "v", "label": "1.1"}))
    ref = JobRef(task.kind, {"custom_model_id": "m", "custom_model_version_id": "v", "status_id": "s"})
    task.execute_complete(context, event=JobEvent(ref, Verdict(Outcome.SUCCEEDED)).dump())
    assert events_of(context)[0] == [(URI, EXTRA)]


def test_a_task_that_failed_emits_no_event(api, context):
    task = apply_guards(api, outlets=[ALIAS])
    api.on("POST", "guardConfigurations/toNewCustomModelVersion/", response(409, {"message": "frozen"}))
    with pytest.raises(Exception, match="frozen"):
        task.execute(context)
    assert events_of(context) == ([], {})


def test_a_task_that_creates_no_version_emits_no_event(api, context):
    task = StartDependencyBuildOperator(
        task_id="t", custom_model_id="m", custom_model_version_id="v", outlets=[ALIAS, ASSET], deferrable=True
    )
    ref = JobRef(task.kind, {"custom_model_id": "m", "custom_model_version_id": "v"})
    task.execute_complete(context, event=JobEvent(ref, Verdict(Outcome.SUCCEEDED, found={"buildStatus": "x"})).dump())
    assert events_of(context) == ([], {})
