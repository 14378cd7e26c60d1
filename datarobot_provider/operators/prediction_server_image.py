"""Operators for the image of the portable prediction server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import (
    DownloadOperator,
    GetOperator,
)
from datarobot_provider.exceptions import (
    MalformedResponseError,
)

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context


class GetPredictionServerImageMetadataOperator(GetOperator):
    """Return name, size and hash of the image of the portable prediction server.

    Route: GET ``/api/v2/mlops/portablePredictionServerImage/metadata/``.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :returns: ``{"filename", "imageSize", "hash", "hashAlgorithm", "dockerImageId", …}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, for one because there is no image.
    """

    route = "GET mlops/portablePredictionServerImage/metadata/"


class DownloadPredictionServerImageOperator(DownloadOperator):
    """Download the image of the portable prediction server, 14 GB and more.

    Route: GET ``/api/v2/mlops/portablePredictionServerImage/``, and its ``metadata/``. The image is streamed, taken up
    again after a cut, and verified against the size and the SHA-256 of the metadata before it gets its name. If the
    target is there already and is that image, nothing is downloaded. Where DataRobot sends the download to another
    host, the token stays behind.

    :param target: local path, or any path that Airflow's object storage knows, such as ``s3://conn_id@bucket/key``, as
        a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection breaks off too often, or what arrived is not the image.
    """

    route = "GET mlops/portablePredictionServerImage/"
    other_routes = ("GET mlops/portablePredictionServerImage/metadata/",)

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Download the image, unless it is there."""
        from datarobot_provider.client.download import Expected
        from datarobot_provider.client.request import Request
        from datarobot_provider.core.arguments.storage import StorageSink

        sink = StorageSink(self.target)
        metadata = self.hook.client.get(self.path_of(self.other_routes[0]))
        try:
            expected = Expected(int(metadata["imageSize"]), str(metadata["hash"]))
        except (KeyError, TypeError, ValueError):
            raise MalformedResponseError("The metadata of the image name no size and no hash.") from None
        if sink.holds(expected):
            self.log.info("%s is there already and is the image: nothing to download.", sink.name)
            return {"path": sink.name, "size": expected.size, "sha256": expected.sha256}
        done = self.downloader().fetch(Request("GET", self.path_of()), sink, expected)
        self.log.info("Downloaded %s bytes to %s; size and SHA-256 are right.", f"{done['size']:,}", done["path"])
        return done
