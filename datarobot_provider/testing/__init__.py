"""Pytest fixtures to test DAGs on the emulator. Pytest loads them itself if the extra ``testing`` is installed."""
