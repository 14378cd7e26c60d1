"""Paths of the pages in DataRobot's web interface that tasks link to."""

CUSTOM_MODEL = "registry/custom-model-workshop/{custom_model_id}/assemble"
CUSTOM_MODEL_VERSION = "registry/custom-model-workshop/{custom_model_id}/versions/{custom_model_version_id}"
DEPLOYMENT = "deployments/{deployment_id}/overview"
