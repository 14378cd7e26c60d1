"""Jobs of versions: dependency builds, feature impact, conversions."""

import datarobot as dr
import pytest
from datarobot.errors import AsyncProcessUnsuccessfulError, ClientError, InvalidUsageError
from datarobot.models.custom_model_version import CustomModelVersionConversion, CustomModelVersionDependencyBuild


def test_build_with_waiting(model, version):
    build = CustomModelVersionDependencyBuild.start_build(model.id, version.id)
    assert build.build_status == "success"
    assert build.completed_at
    assert "Successfully installed" in build.get_log()
    assert CustomModelVersionDependencyBuild.get_build_info(model.id, version.id).build_status == "success"


def test_build_without_waiting(model, version, wait_until):
    build = CustomModelVersionDependencyBuild.start_build(model.id, version.id, max_wait=None)
    info = CustomModelVersionDependencyBuild.get_build_info(model.id, version.id)
    assert info.build_status in {"submitted", "processing"}
    assert info.started_at
    wait_until(lambda: info.refresh() or info.build_status == "success")
    assert build is None or build.build_status in {"submitted", "processing"}


def test_failed_build(model, version, control):
    control.outcome("dependency_build", "failed", message="no such thing as numpy")
    build = CustomModelVersionDependencyBuild.start_build(model.id, version.id)
    assert build.build_status == "failed"
    assert "no such thing as numpy" in build.get_log()


def test_cancelled_build(model, version, control):
    control.outcome("dependency_build", "stuck")
    CustomModelVersionDependencyBuild.start_build(model.id, version.id, max_wait=None)
    build = CustomModelVersionDependencyBuild.get_build_info(model.id, version.id)
    build.cancel()
    with pytest.raises(ClientError, match="has not been started") as error:
        build.refresh()
    assert error.value.status_code == 422


def test_build_log_is_404_during_the_build(model, version, control):
    with pytest.raises(ClientError, match="has not been started"):
        CustomModelVersionDependencyBuild.get_build_info(model.id, version.id)
    control.outcome("dependency_build", "stuck")
    CustomModelVersionDependencyBuild.start_build(model.id, version.id, max_wait=None)
    with pytest.raises(ClientError) as error:
        CustomModelVersionDependencyBuild.get_build_info(model.id, version.id).get_log()
    assert error.value.status_code == 404


def test_feature_impact(trained):
    trained.calculate_feature_impact()
    impacts = trained.get_feature_impact()
    assert {entry["featureName"] for entry in impacts} == {"age", "city", "split"}
    assert max(entry["impactNormalized"] for entry in impacts) == 1
    whole = trained.get_feature_impact(with_metadata=True)
    assert (whole["count"], whole["featureImpacts"], whole["shapBased"]) == (3, impacts, False)


def test_feature_impact_without_waiting(trained, wait_until):
    trained.calculate_feature_impact(max_wait=None)
    with pytest.raises(ClientError, match="in progress"):
        trained.get_feature_impact()

    def impacts():
        try:
            return trained.get_feature_impact()
        except ClientError:
            return None

    assert wait_until(impacts)


def test_second_feature_impact_request(trained):
    trained.calculate_feature_impact()
    with pytest.raises(ClientError) as error:
        trained.calculate_feature_impact()
    assert error.value.status_code == 404
    assert error.value.json["jobId"]


def test_feature_impact_requires_training_data(version):
    with pytest.raises(ClientError, match="not assigned"):
        version.calculate_feature_impact()


def test_failed_feature_impact(trained, control):
    control.outcome("feature_impact", "failed", message="out of memory")
    with pytest.raises(AsyncProcessUnsuccessfulError, match="out of memory"):
        trained.calculate_feature_impact()


def main_program(version):
    return next(item.id for item in version.items if item.file_path == "custom.py")


def test_conversion(model, version):
    conversion_id = CustomModelVersionConversion.run_conversion(
        model.id, version.id, main_program(version), max_wait=60
    )
    conversion = CustomModelVersionConversion.get(model.id, version.id, conversion_id)
    assert (conversion.conversion_in_progress, conversion.conversion_succeeded) == (False, True)
    assert conversion.generated_metadata["output_datasets"]
    assert (conversion.main_program_item_id, conversion.should_stop) == (main_program(version), False)
    assert CustomModelVersionConversion.get_latest(model.id, version.id).id == conversion_id


def test_conversions_are_listed_newest_first(model, version):
    created = [
        CustomModelVersionConversion.run_conversion(model.id, version.id, main_program(version), max_wait=60)
        for _ in range(2)
    ]
    listed = CustomModelVersionConversion.list(model.id, version.id)
    assert [conversion.id for conversion in listed] == created[::-1]


def test_stopped_conversion(model, version, control):
    control.outcome("conversion", "stuck")
    conversion_id = CustomModelVersionConversion.run_conversion(model.id, version.id, main_program(version))
    assert CustomModelVersionConversion.get(model.id, version.id, conversion_id).conversion_in_progress
    response = CustomModelVersionConversion.stop_conversion(model.id, version.id, conversion_id)
    assert response.status_code == 204
    stopped = CustomModelVersionConversion.get(model.id, version.id, conversion_id)
    assert (stopped.should_stop, stopped.conversion_in_progress) == (True, False)
    with pytest.raises(InvalidUsageError):
        CustomModelVersionConversion.stop_conversion(model.id, version.id, conversion_id)


def test_failed_conversion(model, version, control):
    control.outcome("conversion", "failed", message="not convertible")
    with pytest.raises(AsyncProcessUnsuccessfulError, match="not convertible"):
        CustomModelVersionConversion.run_conversion(model.id, version.id, main_program(version), max_wait=60)
    failed = CustomModelVersionConversion.get_latest(model.id, version.id)
    assert (failed.conversion_succeeded, failed.log_message) == (False, "not convertible")


def test_status_record_is_polled_by_its_id(trained, control):
    trained.calculate_feature_impact(max_wait=None)
    status_id = control("GET", "jobs")["data"][-1]["ids"]["statusId"]
    result = dr.models.StatusCheckJob.from_id(status_id).wait_for_completion()
    assert result.status == "COMPLETED"
    assert result.completed_resource_url.endswith("/featureImpact/")
