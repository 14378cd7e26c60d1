"""A headless Chromium for the browser tests and the screenshots."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext

#: In addition to Playwright's own arguments, which disable the sandbox, the first run, sync and background requests.
ARGUMENTS = ("--disable-gpu", "--disable-quic")
WINDOW = (1280, 800)
#: Seconds for every step; a page of Airflow takes many of them on a machine under load.
TIMEOUT = 120


class ChromiumMissingError(Exception):
    """Chromium is not installed."""


def chromium_path() -> str | None:
    """Return the path of Chromium, or ``None`` if it is not installed. ``CHROMIUM`` selects another executable."""
    return shutil.which(os.environ.get("CHROMIUM") or "chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium with a new, empty profile.

    :raises ChromiumMissingError: if it is not installed.
    """
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        raise ChromiumMissingError("Chromium is not installed. On Debian, its package is chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def window(browser: Browser, size: tuple[int, int] = WINDOW) -> BrowserContext:
    """Return a new window of the light theme, without cookies.

    :param size: width and height of its content in pixels.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="light",
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="UTC",
    )
    context.set_default_timeout(TIMEOUT * 1000)
    return context
