"""HTML pages at the addresses that the links of the tasks point to.

Each page shows a custom model, a version or a deployment as the API returns it.
"""

from __future__ import annotations

import html
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse
from starlette.routing import Route

from datarobot_provider.emulator.common.errors import ApiError
from datarobot_provider.emulator.routes.custom_models import serialize_model
from datarobot_provider.emulator.routes.versions import serialize_version
from datarobot_provider.emulator.web.routing import Call

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from datarobot_provider.emulator.store.state import State

_MODEL = "/registry/custom-model-workshop/{model_id}/"
_PAGE = """<!doctype html>
<title>{title} - DataRobot emulator</title>
<style>body {{ font-family: sans-serif; margin: 2em }} pre {{ background: #f4f4f4; padding: 1em }}</style>
<h1>{title}</h1>
<p>This is the DataRobot emulator: DataRobot shows its own page here. The API returns:</p>
<pre>{content}</pre>
"""


def routes(state: State) -> list[Route]:
    """Return the routes of the pages.

    :param state: the state of the emulator.
    """

    def model(request: Request) -> Response:
        found = state.model(request.path_params["model_id"])
        return _page(f"Custom model {found.fields['name']}", serialize_model(_call(state, request), found))

    def version(request: Request) -> Response:
        found = state.version(request.path_params["model_id"], request.path_params["version_id"])
        return _page(f"Custom model version {found.label}", serialize_version(_call(state, request), found))

    def deployment(request: Request) -> Response:
        found = state.deployments.get(request.path_params["deployment_id"])
        if found is None:
            raise ApiError(404, "There is no such deployment.")
        return _page(f"Deployment {found.label}", asdict(found))

    return [
        Route(_MODEL + "assemble", model),
        Route(_MODEL + "versions/{version_id}", version),
        Route("/deployments/{deployment_id}/overview", deployment),
    ]


async def not_found_page(_: Request, error: Exception) -> Response:
    """Return the page for something that does not exist."""
    return _page("Not found", {"message": str(error)}, 404)


def _call(state: State, request: Request) -> Call:
    origin = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
    return Call(state, origin, request.url.path, {}, {}, [], {}, [])


def _page(title: str, content: Any, status: int = 200) -> Response:
    text = json.dumps(content, indent=2, default=str)
    return HTMLResponse(_PAGE.format(title=html.escape(title), content=html.escape(text)), status)
