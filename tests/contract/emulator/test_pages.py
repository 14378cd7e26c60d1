"""HTML pages at the addresses of the links."""

from __future__ import annotations

from pathlib import Path

import requests

from datarobot_provider.emulator import running

SEED = Path(__file__).resolve().parents[3] / "example_dags" / "seed"


def test_links_lead_to_a_page() -> None:
    with running(seed=SEED) as emulator:
        body = {"name": "<b>Bold</b>", "customModelType": "inference", "targetType": "Regression", "targetName": "y"}
        headers = {"Authorization": f"Bearer {emulator.token}"}
        model = requests.post(f"{emulator.endpoint}/customModels/", json=body, headers=headers, timeout=5).json()
        page = requests.get(f"{emulator.url}/registry/custom-model-workshop/{model['id']}/assemble", timeout=5)
        assert page.status_code == 200
        assert "&lt;b&gt;Bold&lt;/b&gt;" in page.text
        assert "<b>Bold" not in page.text
        deployment = requests.get(f"{emulator.url}/deployments/65a0000000000000000000f1/overview", timeout=5)
        assert "Product handbook" in deployment.text
        missing = requests.get(f"{emulator.url}/registry/custom-model-workshop/none/assemble", timeout=5)
        assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
