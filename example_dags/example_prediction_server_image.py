"""The image of the portable prediction server is put into object storage, unless it is there already.

What goes into the folder for temporary files, as with the default of the form, is deleted at the end.
"""

from __future__ import annotations

import logging
import tempfile
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, ObjectStoragePath, task
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
        description="Any path that Airflow's object storage knows, such as s3://my_connection@bucket/key. {temp} "
        "stands for the worker's folder for temporary files: what goes there is deleted when the run ends.",
    ),
}


def with_temp(target: str) -> str:
    """Put the folder for temporary files into a target; a macro, so that it is the one of the worker."""
    return target.replace(TEMP, tempfile.gettempdir())


@task
def clean_up(image: dict[str, Any], params: dict[str, Any] | None = None) -> None:
    """Delete the image if it is in the folder for temporary files; leave every other target alone."""
    if TEMP not in (params or {})["target"]:
        log.info("%s is kept.", image["path"])
        return
    ObjectStoragePath(image["path"]).unlink(missing_ok=True)
    log.info("%s was deleted. Give a target without %s to keep the image.", image["path"], TEMP)


@task
def report(metadata: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """Show what is where."""
    log.info("%s of %s", metadata["filename"], metadata["created"])
    log.info("%s bytes, SHA-256 %s", f"{image['size']:,}", image["sha256"])
    log.info("It was put into %s; `docker load` makes %s of it.", image["path"], metadata["dockerImageId"])
    return {"path": image["path"], "docker_image": metadata["dockerImageId"]}


with DAG(
    dag_id="example_prediction_server_image",
    description="Put the image of the portable prediction server into object storage.",
    schedule=None,
    catchup=False,
    params=PARAMS,
    user_defined_macros={"with_temp": with_temp},
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["datarobot", "prediction server", "example"],
    doc_md="""
    # The prediction server image

    Downloads the image of DataRobot's portable prediction server, 14 GB and more, to any storage that Airflow can
    write to. It is streamed, taken up again after a cut, and verified before it gets its name. Run it as often as you
    like: if the target is the image already, nothing is downloaded.

    The default target is for a trial: it is in the folder for temporary files, and `clean_up` deletes it at the end of
    the run. Any other target is kept.

    The download holds a worker from its first byte to its last: give the task a `pool` or a `queue` of its own.

    The seed of the examples gives the emulator an image of 50 MB. Without that seed it has none, and DataRobot's 404
    fails `get_metadata`; `POST /__emulator__/image` with `{"size": 1000000, "redirect": false}` gives it one.
    """,
):
    get_metadata = GetPredictionServerImageMetadataOperator(task_id="get_metadata")
    download_image = DownloadPredictionServerImageOperator(
        task_id="download_image", target="{{ with_temp(params.target) }}"
    )

    tidied = clean_up(download_image.output).as_teardown(setups=download_image)

    get_metadata >> download_image
    report(get_metadata.output, download_image.output) >> tidied
