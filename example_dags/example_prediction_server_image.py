"""The image of the portable prediction server is put into object storage, unless it is there already."""

from __future__ import annotations

import logging
import tempfile
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task
from datarobot_examples.params import text

from datarobot_provider.operators.prediction_server_image import (
    DownloadPredictionServerImageOperator,
    GetPredictionServerImageMetadataOperator,
)

log = logging.getLogger(__name__)

PARAMS = {
    "target": text(
        "file://{temp}/portable-prediction-server.tar.gz",
        "Target",
        description="Any path that Airflow's object storage knows, such as s3://my_connection@bucket/key. {temp} "
        "stands for the folder for temporary files of the worker that downloads.",
    ),
}


def with_temp(target: str) -> str:
    """Put the folder for temporary files into a target; a macro, so that it is the one of the worker."""
    return target.replace("{temp}", tempfile.gettempdir())


@task
def report(metadata: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """Show what is where."""
    log.info("%s of %s", metadata["filename"], metadata["created"])
    log.info("%s bytes, SHA-256 %s", f"{image['size']:,}", image["sha256"])
    log.info("It is in %s; `docker load` makes %s of it.", image["path"], metadata["dockerImageId"])
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

    The download holds a worker from its first byte to its last: give the task a `pool` or a `queue` of its own.

    The emulator has an image only once it was given one: `POST /__emulator__/image` with
    `{"size": 1000000, "redirect": false}`.
    """,
):
    get_metadata = GetPredictionServerImageMetadataOperator(task_id="get_metadata")
    download_image = DownloadPredictionServerImageOperator(
        task_id="download_image", target="{{ with_temp(params.target) }}"
    )

    get_metadata >> download_image
    report(get_metadata.output, download_image.output)
