"""Create a version from a git repository, and record its commit in DataRobot."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task
from datarobot_examples.params import datarobot_id, environment, model_name, text

from datarobot_provider.operators.custom_models import CreateCustomModelOperator
from datarobot_provider.operators.repository_versions import CreateVersionFromRepositoryOperator
from datarobot_provider.operators.versions import GetVersionOperator, ListVersionsOperator, UpdateVersionOperator

log = logging.getLogger(__name__)

PARAMS = {
    "model_name": model_name("Diabetes progression, from git"),
    "environment_id": environment(),
    "repository_id": datarobot_id(
        "65a000000000000000000091",
        "Repository",
        "A repository that is connected to DataRobot.",
        "Repository",
        note="The emulator accepts any id.",
    ),
    "ref": text("main", "Branch, tag or commit", section="Repository"),
    "source_path": text(
        "model",
        "Folder or file",
        description="A path inside the repository; the files of a folder become the files of the model.",
        section="Repository",
    ),
    "description": text("Pulled by Airflow", "Description of the version"),
}


@task
def provenance(version: dict[str, Any]) -> dict[str, Any]:
    """Return the origin of the version's files, in the format of ``gitModelVersion``."""
    item = next(item for item in version["items"] if item["commitSha"])
    return {
        "refName": item["ref"],
        "commitUrl": f"{item['repositoryLocation']}/commit/{item['commitSha']}",
        "mainBranchCommitSha": item["commitSha"],
        "pullRequestCommitSha": None,
    }


@task
def report(version: dict[str, Any], same_commit: list[dict[str, Any]]) -> dict[str, Any]:
    """Log the version, its files and its commit."""
    git = version["gitModelVersion"]
    log.info("Version %s (%s) is %s at %s", version["label"], version["id"], git["refName"], git["commitUrl"])
    for item in version["items"]:
        log.info("  %-20s from %s", item["filePath"], item["repositoryFilePath"])
    log.info("%d version(s) of this model have this commit.", len(same_commit))
    return {
        "version": version["id"],
        "commit": git["mainBranchCommitSha"],
        "versions_of_commit": [each["id"] for each in same_commit],
    }


with DAG(
    dag_id="example_version_from_repository",
    description="Create a version from a git repository and record its commit.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "custom model", "git", "example"],
    doc_md="""
    # A version from a git repository

    DataRobot pulls the files of a new version from a connected repository. Every file has the id of its commit.
    `record_commit` writes it to the version itself, so that `versions_of_commit` can list the versions of this commit.

    On a real DataRobot, enter the id of a repository that your user has connected.
    """,
):
    create_model = CreateCustomModelOperator(
        task_id="create_model",
        name="{{ params.model_name }}",
        target_type="Regression",
        target_name="target",
    )
    pull_version = CreateVersionFromRepositoryOperator(
        task_id="pull_version",
        custom_model_id=create_model.output,
        repository_id="{{ params.repository_id }}",
        ref="{{ params.ref }}",
        source_path="{{ params.source_path }}",
        base_environment_id="{{ params.environment_id }}",
        deferrable=True,
    )
    get_version = GetVersionOperator(
        task_id="get_version", custom_model_id=create_model.output, custom_model_version_id=pull_version.output
    )
    git = provenance(get_version.output)
    record_commit = UpdateVersionOperator(
        task_id="record_commit",
        custom_model_id=create_model.output,
        custom_model_version_id=pull_version.output,
        description="{{ params.description }}",
        git_model_version=git,
    )
    versions_of_commit = ListVersionsOperator(
        task_id="versions_of_commit",
        custom_model_id=create_model.output,
        main_branch_commit_sha=git["mainBranchCommitSha"],
    )

    record_commit >> versions_of_commit
    report(record_commit.output, versions_of_commit.output)
