"""Download the image of the portable prediction server to object storage, unless it already exists there.

An image in the folder for temporary files, which is the default of the form, is deleted at the end.
"""

from __future__ import annotations

import logging
import tempfile
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, ObjectStoragePath, task
from datarobot_examples.params import text

from datarobot_provider.operators.prediction_server_image import (
    DownloadPredictionServerImageOperator,
    GetPredictionServerImageMetadataOperator,
)

log = logging.getLogger(__name__)

TEMP = "{temp}"

PARAMS = {
    "target": text(
        f"file://{TEMP}/portable-prediction-server.tar.gz",
        "Target",
        description="Any path that Airflow's object storage supports, such as s3://my_connection@bucket/key. {temp} "
        "is replaced by the worker's folder for temporary files; an image in it is deleted when the run ends.",
    ),
}


def with_temp(target: str) -> str:
    """Insert the folder for temporary files into a target; a macro, so that the worker's folder is used."""
    return target.replace(TEMP, tempfile.gettempdir())


@task
def clean_up(image: dict[str, Any], params: dict[str, Any] | None = None) -> None:
    """Delete the image if it is in the folder for temporary files."""
    if TEMP not in (params or {})["target"]:
        log.info("%s is kept.", image["path"])
        return
    ObjectStoragePath(image["path"]).unlink(missing_ok=True)
    log.info("%s was deleted. To keep the image, use a target without %s.", image["path"], TEMP)


@task
def report(metadata: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """Log and return the location of the image."""
    log.info("%s of %s", metadata["filename"], metadata["created"])
    log.info("%s bytes, SHA-256 %s", f"{image['size']:,}", image["sha256"])
    log.info("It was saved to %s; `docker load` creates %s from it.", image["path"], metadata["dockerImageId"])
    return {"path": image["path"], "docker_image": metadata["dockerImageId"]}


with DAG(
    dag_id="example_prediction_server_image",
    description="Download the image of the portable prediction server to object storage.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    user_defined_macros={"with_temp": with_temp},
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "prediction server", "example"],
    doc_md="""
    # The prediction server image

    Downloads the image of DataRobot's portable prediction server, 14 GB or more, to any storage that Airflow can write
    to. The download is streamed, resumed after a broken connection, and verified before the file gets its final name.
    If the target already is this image, nothing is downloaded.

    The default target is for trials: it is in the folder for temporary files, and `clean_up` deletes it at the end of
    the run. Any other target is kept.

    The download occupies a worker for its whole duration: assign the task to a separate `pool` or `queue`.

    The seed data of the examples gives the emulator an image of 50 MB. Without it, `get_metadata` fails with 404;
    `POST /__emulator__/image` with `{"size": 1000000, "redirect": false}` adds an image.
    """,
):
    get_metadata = GetPredictionServerImageMetadataOperator(task_id="get_metadata")
    download_image = DownloadPredictionServerImageOperator(
        task_id="download_image", target="{{ with_temp(params.target) }}"
    )

    cleaned_up = clean_up(download_image.output).as_teardown(setups=download_image)

    get_metadata >> download_image
    report(get_metadata.output, download_image.output) >> cleaned_up
