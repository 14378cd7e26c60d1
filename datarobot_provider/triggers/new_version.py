"""Trigger that watches a custom model for new versions."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from datarobot_provider.client.endpoint import api_path
from datarobot_provider.client.routes import VERSIONS, required, route
from datarobot_provider.exceptions import DataRobotError, InputError, MalformedResponseError
from datarobot_provider.hooks.datarobot import DataRobotHook
from datarobot_provider.jobs.async_wait import pause
from datarobot_provider.version_compat import AIRFLOW_API_ERRORS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Versions of one request. More are requested only if the latest known version is not among them.
_PAGE = 10
_MAX_VERSIONS = 1000
#: Longest pause after failed requests, in seconds.
_LONGEST_PAUSE = 900.0
_MAX_DOUBLINGS = 10
_NO_VERSION = ""
_ERRORS: tuple[type[Exception], ...] = (DataRobotError, *AIRFLOW_API_ERRORS)


class NewVersionTrigger(BaseEventTrigger):
    """Yields an event for each new version of a custom model, for an ``AssetWatcher``.

    The payload of the event is ``{"custom_model_id", "custom_model_version_id", "label"}``. Versions that exist when
    the model is first watched yield no event. On Airflow 3.3, the latest version is stored with the asset, and a
    restarted triggerer continues there. Before 3.3, versions that are created while no triggerer is running yield no
    event.

    Errors do not end the trigger: it tries again after a pause that grows to 15 minutes.

    :param custom_model_id: id of the custom model.
    :param datarobot_conn_id: id of the Airflow connection; default ``datarobot_default``.
    :param poll_interval: pause between two requests in seconds, 1 or more; default 60.
    :raises InputError: if an argument is invalid.
    """

    def __init__(
        self,
        custom_model_id: str,
        datarobot_conn_id: str = DataRobotHook.default_conn_name,
        poll_interval: float = 60.0,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.custom_model_id = custom_model_id
        self.datarobot_conn_id = datarobot_conn_id
        self.poll_interval = poll_interval
        self._path = route(VERSIONS, custom_model_id=custom_model_id)
        self._failures, self._reported = 0, ""
        if not isinstance(poll_interval, int | float) or not poll_interval >= 1:
            raise InputError(f"poll_interval should be a number of seconds, 1 or more, but is {poll_interval!r}.")

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments. Airflow identifies the watcher by them."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "custom_model_id": self.custom_model_id,
            "datarobot_conn_id": self.datarobot_conn_id,
            "poll_interval": self.poll_interval,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each new version, the oldest first. The trigger runs until it is cancelled."""
        latest: str | None = None
        while True:
            try:
                latest = await self._first() if latest is None else latest
                versions = await self._newer_than(latest)
            except _ERRORS as error:
                await pause(self._failed(error))
                continue
            self._succeeded()
            for version in reversed(versions):
                yield TriggerEvent(self._payload(version))
                latest = required(version, "id")
                await self._store(latest)
            await pause(self.poll_interval)

    async def _first(self) -> str:
        """Return the id of the latest version that needs no event; it is empty if the model has no version."""
        stored = await self._stored()
        if stored is not None:
            return stored
        newest = await self._newer_than(_NO_VERSION, limit=1)
        latest = required(newest[0], "id") if newest else _NO_VERSION
        await self._store(latest)
        return latest

    async def _newer_than(self, latest: str, limit: int = _MAX_VERSIONS) -> list[dict[str, Any]]:
        """Return the versions that are newer than ``latest``, the newest first.

        :param latest: id of a version. If it is not found, the newest version only is returned.
        :param limit: maximum number of versions.
        """
        found: list[dict[str, Any]] = []
        path: str | None = f"{self._path}?offset=0&limit={min(limit, _PAGE)}"
        async with DataRobotHook(self.datarobot_conn_id).async_client() as client:
            while path and len(found) < limit:
                page = await client.get(path)
                versions = _versions(page, path)
                newer = list(takewhile(lambda version: version["id"] != latest, versions))
                found += newer
                if len(newer) < len(versions):
                    return found
                path = api_path(str(page["next"])) if page.get("next") else None
        return found[:limit] if latest == _NO_VERSION else found[:1]

    def _payload(self, version: dict[str, Any]) -> dict[str, Any]:
        return {
            "custom_model_id": self.custom_model_id,
            "custom_model_version_id": version["id"],
            "label": version.get("label"),
        }

    def _failed(self, error: Exception) -> float:
        """Log an error, once if it is repeated; return the pause before the next request, in seconds."""
        self._failures += 1
        if str(error) != self._reported:
            self._reported = str(error)
            self.log.warning("The versions of the model %s cannot be listed: %s", self.custom_model_id, self._reported)
        longest = max(_LONGEST_PAUSE, self.poll_interval)
        return min(self.poll_interval * 2.0 ** min(self._failures, _MAX_DOUBLINGS), longest)

    def _succeeded(self) -> None:
        if self._failures:
            self.log.info("The versions of the model %s can be listed again.", self.custom_model_id)
        self._failures, self._reported = 0, ""

    @property
    def _key(self) -> str:
        return f"latest_version_of_{self.custom_model_id}"

    async def _stored(self) -> str | None:
        """Return the latest version that an earlier triggerer has stored; ``None`` if there is none."""
        store = getattr(self, "asset_state_store", None)
        if store is None:
            return None
        try:
            stored = await store.aget(self._key)
        except ValueError as error:
            self.log.warning("A restart of the triggerer may skip versions, because nothing can be stored: %s", error)
            self.asset_state_store = None
            return None
        return stored if isinstance(stored, str) else None

    async def _store(self, latest: str) -> None:
        """Store the latest version with the asset, in Airflow 3.3 and later."""
        store = getattr(self, "asset_state_store", None)
        if store is not None:
            try:
                await store.aset(self._key, latest)
            except AIRFLOW_API_ERRORS as error:
                self.log.warning("The latest version could not be stored (%s).", type(error).__name__)


def _versions(page: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """Return the versions of a page.

    :raises MalformedResponseError: if the page does not contain a list of versions.
    """
    versions = page.get("data")
    if not isinstance(versions, list) or not all(isinstance(each, dict) and each.get("id") for each in versions):
        raise MalformedResponseError(f"The response for {path} has no field 'data' with versions.")
    return versions
