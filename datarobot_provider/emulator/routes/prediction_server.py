"""Image of the portable prediction server: metadata and download."""

from __future__ import annotations

from http import HTTPStatus

from datarobot_provider.emulator.common.errors import ApiError
from datarobot_provider.emulator.store.prediction_server_image import FILENAME, Image, Span
from datarobot_provider.emulator.web import object_storage
from datarobot_provider.emulator.web.routing import Call, Response, Stream, route

_IMAGE = "/mlops/portablePredictionServerImage/"


@route("GET", _IMAGE)
def download_image(call: Call) -> Response:
    """Return the image, or redirect to the object storage (GET /mlops/portablePredictionServerImage/)."""
    image = _image(call)
    if image.redirect:
        return Response(HTTPStatus.FOUND, None, {"Location": object_storage.presigned(call.origin, image)})
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment;filename={FILENAME}",
        "ETag": image.etag,
    }
    return Response(200, headers=headers, stream=Stream(image.served, image.chunks(Span(0, image.served))))


@route("GET", _IMAGE + "metadata/")
def get_metadata(call: Call) -> Response:
    """Return the name, size and hash of the image (GET /mlops/portablePredictionServerImage/metadata/)."""
    return Response(200, _image(call).metadata())


def _image(call: Call) -> Image:
    if call.state.image is None:
        raise ApiError(404, "There is no prediction server image.")
    return call.state.image
