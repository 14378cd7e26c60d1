"""Operators for the image of the portable prediction server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datarobot_provider.core.request_operators import DownloadOperator, GetOperator
from datarobot_provider.exceptions import MalformedResponseError

if TYPE_CHECKING:
    from datarobot_provider.version_compat import Context


class GetPredictionServerImageMetadataOperator(GetOperator):
    """Return name, size and hash of the image of the portable prediction server.

    Route: GET ``/api/v2/mlops/portablePredictionServerImage/metadata/``.

    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :returns: ``{"filename", "imageSize", "hash", "hashAlgorithm", "dockerImageId", …}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, for example because there is no image.
    """

    route = "GET mlops/portablePredictionServerImage/metadata/"


class DownloadPredictionServerImageOperator(DownloadOperator):
    """Download the image of the portable prediction server, 14 GB and more.

    Route: GET ``/api/v2/mlops/portablePredictionServerImage/``, and its ``metadata/``. The image is streamed. An
    interrupted download is resumed. Size and SHA-256 are compared with the metadata before the file gets its name. If
    the target already is this image, nothing is downloaded. If DataRobot redirects the download to another host, the
    token is not sent to that host.

    :param target: local path, or any path that Airflow's object storage supports, such as ``s3://conn_id@bucket/key``,
        as a string, a ``pathlib.Path`` or an ``ObjectStoragePath``; the file gets this name when it is complete;
        templated; required.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``; templated.
    :returns: ``{"path", "size", "sha256"}``; the size in bytes.
    :raises AirflowFailException: if DataRobot refuses the request, or the target cannot be written.
    :raises AirflowException: if the connection is interrupted too often, or the downloaded file is not the image.
    """

    route = "GET mlops/portablePredictionServerImage/"
    other_routes = ("GET mlops/portablePredictionServerImage/metadata/",)

    def run_request(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - for operators that push XComs
        """Download the image, unless the target already is this image."""
        from datarobot_provider.client.download import Expected
        from datarobot_provider.client.request import Request
        from datarobot_provider.core.arguments.storage import StorageSink

        sink = StorageSink(self.target)
        metadata = self.hook.client.get(self.path_of(self.other_routes[0]))
        try:
            expected = Expected(int(metadata["imageSize"]), str(metadata["hash"]))
        except (KeyError, TypeError, ValueError):
            raise MalformedResponseError("The metadata of the image do not contain its size and its hash.") from None
        if sink.matches(expected):
            self.log.info("%s already is this image; nothing to download.", sink.name)
            return {"path": sink.name, "size": expected.size, "sha256": expected.sha256}
        done = self.downloader().fetch(Request("GET", self.path_of()), sink, expected)
        self.log.info("Downloaded %s bytes to %s; size and SHA-256 are correct.", f"{done['size']:,}", done["path"])
        return done
