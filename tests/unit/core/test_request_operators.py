"""What each operator sends, and what it makes of the answer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.dependency_builds import StartDependencyBuildOperator
from datarobot_provider.operators.feature_impact import ComputeFeatureImpactOperator
from datarobot_provider.operators.guard_configurations import ApplyGuardConfigOperator
from datarobot_provider.operators.model_tests import RunModelTestOperator
from datarobot_provider.operators.vector_databases import ValidateVectorDatabaseOperator
from datarobot_provider.version_compat import AirflowException, AirflowFailException
from tests.unit.support import ORIGIN, TOKEN, response

IDS = {"custom_model_id": "m", "custom_model_version_id": "v"}
BUILD, IMPACT = "customModels/m/versions/v/dependencyBuild/", "customModels/m/versions/v/featureImpact/"
PUSH = "guardConfigurations/toNewCustomModelVersion/"
VERSION_PAGE = f"{ORIGIN}/registry/custom-model-workshop/m/versions/v"


@pytest.fixture
def empty(api):
    """Let nothing be there before: a task that makes something asks for the newest of its kind."""
    for path in ("customModels/", "customModels/m/versions/", "genai/customModelVectorDatabaseValidations/"):
        api.on("GET", path, response(body={"data": []}))
    return api


def sent(api):
    """Return the one body that was sent."""
    (request,) = api.sent("POST")
    return request.json


@pytest.mark.usefixtures("empty")
class TestCreateCustomModel:
    def test_only_what_was_set_is_sent(self, api, context):
        api.on("POST", "customModels/", response(201, {"id": "m"}))
        assert CreateCustomModelOperator(task_id="t", name="Prices").execute(context) == "m"
        assert sent(api) == {"name": "Prices", "customModelType": "inference"}

    def test_rendered_texts_become_what_the_api_wants(self, api, context):
        api.on("POST", "customModels/", response(201, {"id": "m"}))
        CreateCustomModelOperator(
            task_id="t",
            name="Prices",
            prediction_threshold="0.5",
            class_labels='["a", "b"]',
            requires_ha="false",
            replicas="2",
            git_model_version='{"refName": "main"}',
        ).execute(context)
        assert sent(api) == {
            "name": "Prices",
            "customModelType": "inference",
            "predictionThreshold": 0.5,
            "classLabels": ["a", "b"],
            "requiresHa": False,
            "replicas": 2,
            "gitModelVersion": {"refName": "main"},
        }

    def test_the_id_and_the_link_are_pushed(self, api, context, ti):
        api.on("POST", "customModels/", response(201, {"id": "m"}))
        CreateCustomModelOperator(task_id="t", name="Prices").execute(context)
        assert ti.xcoms == {
            "datarobot_id": "m",
            "_link_CustomModelLink": f"{ORIGIN}/registry/custom-model-workshop/m/assemble",
        }

    @pytest.mark.parametrize("body", [{}, {"id": None}, {"id": ""}, []])
    def test_an_answer_without_an_id_is_an_error(self, api, context, body):
        api.on("POST", "customModels/", response(201, body))
        with pytest.raises(AirflowException, match="The response"):
            CreateCustomModelOperator(task_id="t", name="Prices").execute(context)

    def test_a_value_of_the_wrong_type_sends_nothing(self, api, context):
        with pytest.raises(AirflowFailException, match="replicas should be an integer"):
            CreateCustomModelOperator(task_id="t", name="Prices", replicas="many").execute(context)
        assert api.requests == []

    def test_works_where_airflow_has_no_task_state_store(self, api, ti, task_log):
        api.on("POST", "customModels/", response(201, {"id": "m"}))
        assert CreateCustomModelOperator(task_id="t", name="Prices").execute({"ti": ti}) == "m"
        assert task_log().count("Airflow before 3.3 has no task state store") == 1


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, AirflowFailException),
        (401, AirflowFailException),
        (403, AirflowFailException),
        (404, AirflowFailException),
        (409, AirflowFailException),
        (422, AirflowFailException),
        (429, AirflowException),
        (500, AirflowException),
    ],
)
def test_a_refusal_fails_at_once_unless_a_retry_may_help(api, context, status, kind):
    body = {"message": f"why {TOKEN}", "errors": {"name": "too long"}}
    api.on("POST", "customModels/", response(status, body, x_request_id="r-1"))
    with pytest.raises(AirflowException) as caught:
        CreateCustomModelOperator(task_id="t", name="Prices").execute(context)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert f"DataRobot returned {status} for POST customModels/: why ***" in message
    assert "name: too long" in message
    assert "Request id: r-1" in message
    assert TOKEN not in message
    assert caught.value.__cause__ is None


@pytest.mark.usefixtures("empty")
class TestApplyGuards:
    GUARD = {"name": "Toxic", "description": "d", "type": "ootb", "stages": ["prompt"], "ootbType": "token_count"}

    def apply(self, api, context, guards, **given):
        api.on("POST", PUSH, response(200, {"customModelVersionId": "v2"}))
        task = ApplyGuardConfigOperator(task_id="t", custom_model_id="m", guards=guards, **given)
        return task.execute(context)

    def test_guards_are_sent_with_the_parameters_that_the_api_wants_in_each(self, api, context):
        own = {**self.GUARD, "name": "Own", "parameters": [{"name": "p"}]}
        assert self.apply(api, context, [self.GUARD, own]) == "v2"
        assert sent(api) == {"customModelId": "m", "data": [{"parameters": [], **self.GUARD}, own]}

    def test_the_overall_configuration_is_sent_if_it_is_given(self, api, context):
        self.apply(api, context, json.dumps([self.GUARD]), overall_config='{"timeoutSec": 5, "timeoutAction": "score"}')
        assert sent(api)["overallConfig"] == {"timeoutSec": 5, "timeoutAction": "score"}
        assert len(sent(api)["data"]) == 1

    def test_no_guards_at_all_are_a_request_too(self, api, context):
        self.apply(api, context, [])
        assert sent(api) == {"customModelId": "m", "data": []}

    def test_the_new_version_is_linked(self, api, context, ti):
        self.apply(api, context, [self.GUARD])
        assert ti.xcoms["datarobot_id"] == "v2"
        assert ti.xcoms["_link_CustomModelVersionLink"].endswith("/m/versions/v2")

    def test_the_argument_is_left_as_it_was(self, api, context):
        guards = [dict(self.GUARD)]
        self.apply(api, context, guards)
        assert guards == [self.GUARD]

    @pytest.mark.parametrize("guards", ["not json", {"name": "x"}, ["x"], 5])
    def test_guards_that_are_no_list_of_objects_send_nothing(self, api, context, guards):
        with pytest.raises(AirflowFailException, match="guards should be a list of objects"):
            self.apply(api, context, guards)
        assert api.requests == []

    def test_a_key_is_masked_in_the_logs_before_it_is_sent(self, api, context, monkeypatch):
        masked = []
        monkeypatch.setattr("datarobot_provider.core.guard_keys.mask_secret", masked.append)
        self.apply(api, context, [{**self.GUARD, "openaiApiKey": "sk-very-secret"}])
        assert masked == ["sk-very-secret"]
        assert sent(api)["data"][0]["openaiApiKey"] == "sk-very-secret"

    def test_a_key_in_guards_that_are_not_json_is_not_shown(self, api, context):
        broken = '[{"name": "Toxic", "openaiApiKey": "sk-very-secret",}'
        with pytest.raises(AirflowFailException, match="guards should be a list of objects") as caught:
            self.apply(api, context, broken)
        assert "sk-very-secret" not in str(caught.value)

    def test_a_key_that_the_server_echoes_is_not_shown(self, api, context, task_log):
        api.on("POST", PUSH, response(422, {"message": "bad key sk-very-secret"}))
        task = ApplyGuardConfigOperator(
            task_id="t", custom_model_id="m", guards=[{**self.GUARD, "openaiApiKey": "sk-very-secret"}]
        )
        with pytest.raises(AirflowFailException) as caught:
            task.execute(context)
        assert "sk-very-secret" not in str(caught.value) + task_log()


class TestDependencyBuild:
    def test_a_build_is_started_without_a_body_and_waited_for(self, api, context, ti):
        api.on("POST", BUILD, response(202, {"buildStatus": "submitted"}))
        api.on("GET", BUILD, response(body={"buildStatus": "success"}))
        build = StartDependencyBuildOperator(task_id="t", **IDS).execute(context)
        assert build == {"buildStatus": "success"}
        assert sent(api) is None
        assert ti.xcoms == {"datarobot_id": "v", "_link_CustomModelVersionLink": VERSION_PAGE}

    @pytest.mark.parametrize("state", ["submitted", "success", "failed"])
    def test_a_build_that_is_there_already_is_taken_as_it_is(self, api, context, state):
        api.on("POST", BUILD, response(422, {"message": "already there"}))
        api.on(
            "GET",
            BUILD,
            response(body={"buildStatus": state}),
            response(body={"buildStatus": "failed" if state == "failed" else "success"}),
        )
        api.on("GET", "customModels/m/versions/v/dependencyBuildLog/", response(200, b"ERROR: no such package\n"))
        task = StartDependencyBuildOperator(task_id="t", **IDS)
        if state == "failed":
            with pytest.raises(AirflowFailException, match="The dependency build failed") as caught:
                task.execute(context)
            assert "  | ERROR: no such package" in str(caught.value)
        else:
            assert task.execute(context) == {"buildStatus": "success"}
        assert len(api.sent("POST")) == 1

    def test_a_version_without_dependencies_needs_no_build(self, api, context, ti):
        api.on("POST", BUILD, response(422, {"message": "nothing to build"}))
        api.on("GET", BUILD, response(422, {}))
        api.on("GET", "customModels/m/versions/v/", response(body={"id": "v", "dependencies": []}))
        assert StartDependencyBuildOperator(task_id="t", **IDS).execute(context) is None
        assert ti.xcoms == {}
        # A worker that died then has nothing to ask; a clear asks anew.
        ti.retry()
        assert StartDependencyBuildOperator(task_id="t", **IDS).execute(context) is None
        assert len(api.sent("POST")) == 1
        ti.clear()
        assert StartDependencyBuildOperator(task_id="t", **IDS).execute(context) is None
        assert len(api.sent("POST")) == 2

    @pytest.mark.parametrize("version", [{"dependencies": [{"line": "x"}]}, {}])
    def test_any_other_refusal_is_an_error(self, api, context, version):
        api.on("POST", BUILD, response(422, {"message": "frozen version"}))
        api.on("GET", BUILD, response(422, {}))
        api.on("GET", "customModels/m/versions/v/", response(body=version))
        with pytest.raises(AirflowFailException, match="frozen version"):
            StartDependencyBuildOperator(task_id="t", **IDS).execute(context)


class TestFeatureImpact:
    def test_it_is_started_followed_and_shown(self, api, context, task_log):
        api.on("POST", IMPACT, response(202, {"statusId": "s"}, location=f"{ORIGIN}/api/v2/status/s/"))
        api.on("GET", "status/s/", response(303, location=f"{ORIGIN}/api/v2/{IMPACT}"))
        impacts = [{"featureName": "bmi", "impactNormalized": 1.0}, {"featureName": "age", "impactNormalized": None}]
        api.on("GET", IMPACT, response(body={"featureImpacts": impacts, "next": None}))
        result = ComputeFeatureImpactOperator(task_id="t", **IDS, row_count="500").execute(context)
        assert result == {"featureImpacts": impacts, "next": None}
        assert sent(api) == {"rowCount": 500}
        assert f"bmi  {'#' * 30}  1.000" in task_log()

    def test_without_a_row_count_an_empty_object_is_sent(self, api, context):
        api.on("GET", IMPACT, response(404))
        api.on("POST", IMPACT, response(202, None, location=f"{ORIGIN}/api/v2/status/s/"))
        task = ComputeFeatureImpactOperator(task_id="t", **IDS, wait_for_completion=False)
        assert task.execute(context) == "s"
        assert sent(api) == {}

    def test_a_computation_that_was_submitted_before_is_waited_for(self, api, context):
        api.on("POST", IMPACT, response(404, {"message": "submitted before", "jobId": "old"}))
        api.on("GET", "status/old/", response(303, location=f"{ORIGIN}/api/v2/{IMPACT}"))
        api.on("GET", IMPACT, response(body={"featureImpacts": []}))
        assert ComputeFeatureImpactOperator(task_id="t", **IDS).execute(context) == {"featureImpacts": []}

    def test_a_404_that_names_no_job_is_an_error(self, api, context):
        api.on("GET", IMPACT, response(404))
        api.on("POST", IMPACT, response(404, {"message": "Not Found"}))
        with pytest.raises(AirflowFailException, match="404"):
            ComputeFeatureImpactOperator(task_id="t", **IDS).execute(context)


class TestModelTest:
    def start(self, api, newest, **given):
        api.on("POST", "customModelTests/", response(202, {"statusId": "s"}, location=f"{ORIGIN}/api/v2/status/s/"))
        api.on("GET", "customModelTests/", response(body={"data": newest, "next": None}))
        return RunModelTestOperator(task_id="t", **IDS, wait_for_completion=False, **given)

    def test_the_id_of_the_test_is_found_in_the_list(self, api, context, ti):
        task = self.start(api, [{"id": "t9", "customModelVersion": {"id": "v"}, "datasetId": "d"}], dataset_id="d")
        assert task.execute(context) == "t9"
        assert sent(api) == {"customModelId": "m", "customModelVersionId": "v", "datasetId": "d"}
        assert [request.method for request in api.requests] == ["GET", "POST", "GET"]
        assert api.requests[0].query() == {"customModelId": "m", "offset": "0", "limit": "10"}
        assert api.requests[2].query() == {"customModelId": "m", "offset": "0", "limit": "1"}
        assert ti.xcoms == {"datarobot_id": "t9", "_link_CustomModelVersionLink": VERSION_PAGE}

    @pytest.mark.parametrize("newest", [[], [{"id": "t9", "customModelVersion": {"id": "other"}}], [{"id": "t9"}]])
    def test_a_test_of_another_version_is_not_taken_for_it(self, api, context, newest):
        assert self.start(api, newest).execute(context) == "s"

    def test_a_list_that_cannot_be_read_after_the_start_does_not_hide_the_test(self, api, context):
        task = self.start(api, [])
        api.on("GET", "customModelTests/", response(body={"data": []}), response(body={"data": None}))
        assert task.execute(context) == "s"

    @pytest.mark.parametrize(
        ("dataset", "state", "taken"),
        [("d", "in_progress", True), ("other", "in_progress", False), ("d", "succeeded", False)],
    )
    def test_a_test_that_runs_already_is_waited_for_if_it_is_the_same(self, api, context, dataset, state, taken):
        newest = {"id": "t9", "customModelVersion": {"id": "v"}, "datasetId": dataset}
        task = self.start(api, [newest], dataset_id="d")
        api.on("POST", "customModelTests/", response(422, {"message": "Testing is in progress"}))
        api.on("GET", "customModelTests/t9/", response(body={"overallStatus": state}))
        if taken:
            assert task.execute(context) == "t9"
        else:
            with pytest.raises(AirflowFailException, match="Testing is in progress"):
                task.execute(context)
        assert len(api.sent("POST")) == 1

    def test_the_checks_are_configured_one_by_one(self, api, context):
        self.start(api, [], configuration='{"sideEffects": "warn"}').execute(context)
        assert sent(api)["configuration"] == {"sideEffects": "warn"}


@pytest.mark.usefixtures("empty")
class TestVectorDatabase:
    GIVEN = {"deployment_id": "d", "prompt_column_name": "p", "target_column_name": "t"}

    def test_the_validation_is_started_and_returned(self, api, context, ti):
        path = "genai/customModelVectorDatabaseValidations/"
        api.on("POST", path, response(202, {"id": "x"}, location=f"{ORIGIN}/api/v2/genai/status/s/"))
        api.on("GET", f"{path}x/", response(body={"id": "x", "validationStatus": "PASSED"}))
        task = ValidateVectorDatabaseOperator(task_id="t", **self.GIVEN, prediction_timeout="20")
        assert task.execute(context) == {"id": "x", "validationStatus": "PASSED"}
        assert sent(api) == {
            "deploymentId": "d",
            "promptColumnName": "p",
            "targetColumnName": "t",
            "predictionTimeout": 20,
        }
        assert ti.xcoms == {"datarobot_id": "x", "_link_DeploymentLink": f"{ORIGIN}/deployments/d/overview"}

    def test_its_patience_is_half_an_hour_unless_told_otherwise(self):
        task = ValidateVectorDatabaseOperator(task_id="t", **self.GIVEN)
        assert task._wait_seconds() == 1800
        task.timeout = timedelta(minutes=5)
        assert task._wait_seconds() == 300
        task.timeout, task.execution_timeout = 600.0, timedelta(seconds=60)
        assert task._wait_seconds() == 54
