"""Use cases: create, find, get, list, update, delete, add and remove entities."""

from __future__ import annotations

import pytest

from datarobot_provider.operators.use_cases import (
    AddToUseCaseOperator,
    CreateUseCaseOperator,
    DeleteUseCaseOperator,
    GetUseCaseOperator,
    ListUseCasesOperator,
    RemoveFromUseCaseOperator,
    UpdateUseCaseOperator,
)
from datarobot_provider.version_compat import AirflowFailException
from tests.contract.operations.register import covers
from tests.contract.operations.test_custom_models import UNKNOWN_ID, names, queries
from tests.support.emulator import DATASET


@covers("create_use_case", "get_use_case")
def test_create_and_get(runner):
    use_case = runner.run(CreateUseCaseOperator, name="Churn", description="Who leaves")
    seen = runner.run(GetUseCaseOperator, use_case_id=use_case)
    assert (seen["id"], seen["name"], seen["description"]) == (use_case, "Churn", "Who leaves")
    assert runner.ti.xcoms["datarobot_id"] == use_case


@covers("create_use_case")
def test_a_use_case_is_found_by_its_whole_name(runner):
    other = runner.run(CreateUseCaseOperator, name="Churn in spring")
    first = runner.run(CreateUseCaseOperator, name="Churn", if_exists="reuse")
    assert runner.run(CreateUseCaseOperator, name="Churn", if_exists="reuse") == first != other
    with pytest.raises(AirflowFailException, match=f"The use case 'Churn' already exists: {first}"):
        runner.run(CreateUseCaseOperator, name="Churn", if_exists="fail")
    assert runner.run(CreateUseCaseOperator, name="Churn") != first


def test_an_unknown_choice_sends_nothing(runner):
    with pytest.raises(AirflowFailException, match="if_exists should be one of create, reuse, fail, but is 'maybe'"):
        runner.run(CreateUseCaseOperator, name="Churn", if_exists="maybe")
    assert runner.received == []


@covers("list_use_cases")
def test_list_filters(runner):
    churn, prices = (runner.run(CreateUseCaseOperator, name=name) for name in ("Churn", "Prices"))
    project = UNKNOWN_ID
    runner.run(AddToUseCaseOperator, use_case_id=prices, entity_type="projects", entity_id=project)
    runner.received.clear()
    assert [each["id"] for each in runner.run(ListUseCasesOperator, limit=2)] == [prices, churn]
    assert names(runner.run(ListUseCasesOperator, search="chur")) == ["Churn"]
    assert names(runner.run(ListUseCasesOperator, project_id=project)) == ["Prices"]
    assert names(runner.run(ListUseCasesOperator, application_id=project)) == []
    by_name = names(runner.run(ListUseCasesOperator, order_by="-name"))
    assert by_name == sorted(by_name, reverse=True)
    assert queries(runner, "useCases/")[1:] == [
        {"offset": "0", "limit": "100", "search": "chur"},
        {"offset": "0", "limit": "100", "projectId": project},
        {"offset": "0", "limit": "100", "applicationId": project},
        {"offset": "0", "limit": "100", "orderBy": "-name"},
    ]


@covers("update_use_case")
def test_update_keeps_other_fields(runner):
    use_case = runner.run(CreateUseCaseOperator, name="Churn", description="Who leaves")
    changed = runner.run(UpdateUseCaseOperator, use_case_id=use_case, name="Churn 2")
    assert (changed["name"], changed["description"]) == ("Churn 2", "Who leaves")
    changed = runner.run(UpdateUseCaseOperator, use_case_id=use_case, description="Who stays")
    assert (changed["name"], changed["description"]) == ("Churn 2", "Who stays")


@covers("add_to_use_case", "remove_from_use_case")
def test_a_dataset_is_added_and_removed(runner):
    use_case = runner.run(CreateUseCaseOperator, name="Churn")
    dataset = {"use_case_id": use_case, "entity_type": "datasets", "entity_id": DATASET}

    def count():
        return runner.run(GetUseCaseOperator, use_case_id=use_case)["datasetsCount"]

    assert runner.run(AddToUseCaseOperator, **dataset) is None
    assert count() == 1
    assert runner.run(AddToUseCaseOperator, **dataset) is None
    assert count() == 1
    runner.run(RemoveFromUseCaseOperator, **dataset)
    assert count() == 0
    with pytest.raises(AirflowFailException, match="404"):
        runner.run(RemoveFromUseCaseOperator, **dataset)
    runner.run(RemoveFromUseCaseOperator, **dataset, ignore_if_missing=True)


@pytest.mark.parametrize(
    ("entity_type", "entity_id", "status"), [("datasets", UNKNOWN_ID, 404), ("tables", UNKNOWN_ID, 422)]
)
def test_an_entity_that_cannot_be_added_is_an_error(runner, entity_type, entity_id, status):
    use_case = runner.run(CreateUseCaseOperator, name="Churn")
    with pytest.raises(AirflowFailException, match=f"DataRobot returned {status} "):
        runner.run(AddToUseCaseOperator, use_case_id=use_case, entity_type=entity_type, entity_id=entity_id)


@covers("delete_use_case")
def test_delete(runner):
    use_case = runner.run(CreateUseCaseOperator, name="Churn")
    assert runner.run(DeleteUseCaseOperator, use_case_id=use_case) is None
    assert "Churn" not in names(runner.run(ListUseCasesOperator))
    runner.run(DeleteUseCaseOperator, use_case_id=use_case, ignore_if_missing=True)
    with pytest.raises(AirflowFailException, match="404"):
        runner.run(GetUseCaseOperator, use_case_id=use_case)
