"""Resource bundles: list, read. They are the same in every emulator."""

from __future__ import annotations

from datarobot_provider.emulator.common.errors import not_found
from datarobot_provider.emulator.web.routing import Call, Json, Response, route

_BUNDLES = "/mlops/compute/bundles/"
_GIB = 1024**3
_CPU_SIZES = (("micro", 1, 1), ("small", 1, 4), ("medium", 2, 8), ("large", 4, 16))


@route("GET", _BUNDLES)
def list_resource_bundles(call: Call) -> Response:
    """List the resource bundles (GET /mlops/compute/bundles/)."""
    wanted = call.list_argument("useCases")
    return call.page([each for each in BUNDLES if not wanted or wanted & set(each["useCases"])], dict)


@route("GET", _BUNDLES + "{resourceBundleId}/")
def get_resource_bundle(call: Call) -> Response:
    """Return a resource bundle (GET /mlops/compute/bundles/{resourceBundleId}/)."""
    found = next((each for each in BUNDLES if each["id"] == call.path["resourceBundleId"]), None)
    if found is None:
        raise not_found()
    return Response(200, found)


def _bundle(name: str, cpus: int, gigabytes: int, gpu_gigabytes: int = 0) -> Json:
    kind = "gpu" if gpu_gigabytes else "cpu"
    return {
        "id": f"{kind}.{name}",
        "name": f"{kind.upper()} - {name}",
        "description": f"{cpus} CPU cores, {gigabytes} GB of memory",
        "cpuCount": cpus,
        "memoryBytes": gigabytes * _GIB,
        "gpuCount": 1 if gpu_gigabytes else None,
        "gpuMaker": "nvidia" if gpu_gigabytes else None,
        "gpuMemoryBytes": gpu_gigabytes * _GIB,
        "useCases": ["customModel", "customJob"]
        if gpu_gigabytes
        else ["customModel", "customJob", "customApplication"],
        "isDefault": name == "small" and not gpu_gigabytes,
        "isDeleted": False,
        "hasGpu": bool(gpu_gigabytes),
    }


BUNDLES = (*(_bundle(*size) for size in _CPU_SIZES), _bundle("small", 4, 16, 16))
