"""Entries for registered models and model packages."""

from __future__ import annotations

from datarobot_provider.migrate.entry import REQUEST, Entry, same, to

ENTRIES = (
    Entry(
        "operators.model_registry",
        "CreateRegisteredModelVersionOperator",
        REQUEST,
        (
            "POST modelPackages/fromLeaderboard/",
            "POST modelPackages/fromCustomModelVersion/",
            "POST modelPackages/fromJSON/",
        ),
        arguments={"model_version_params": to("json", "without model_type, which selects the route; camelCase names")},
        pushed="the id of the registered model version",
        pushes='the version, an object; its id is ["id"]',
        note="One request: the first route for leaderboard, the second for custom, the third for external.",
    ),
    Entry(
        "operators.model_package",
        "CreateExternalModelPackageOperator",
        REQUEST,
        ("POST modelPackages/fromJSON/",),
        arguments={"model_package_json": to("json", "camelCase names")},
        params={"model_package_json": to("json", "camelCase names")},
        pushed="the id of the model package",
        pushes='the model package, an object; its id is ["id"]',
    ),
    Entry(
        "operators.model_package",
        "DeployModelPackageOperator",
        "operators.deployments.CreateDeploymentOperator",
        arguments={
            "deployment_name": to("deployment_label"),
            **same("model_package_id", "default_prediction_server_id", "prediction_environment_id", "description"),
            **same("importance", "user_provided_id", "additional_metadata"),
            "max_wait_sec": to("timeout"),
        },
        params=same("additional_metadata"),
        pushed="the id of the deployment",
        pushes='the deployment, an object; its id is ["id"]',
    ),
)
