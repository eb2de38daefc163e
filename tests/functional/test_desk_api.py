"""The desk over HTTP: everything a browser or a simulated labeller does."""

from typing import Any

KEY = "0123456789abcdef"


def _next(client: Any, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/desk/next", json={"tab": "t1", **body})
    assert answer.status_code == 200, answer.text
    return answer.json


def _submit(client: Any, work: dict[str, Any], **more: Any) -> Any:
    body = {"label": {"class": "a"}, "key": KEY, "revision": 0, "tab": "t1", "active_ms": 0}
    return client.post(f"/api/v1/desk/{work['token']}/submit", json=body | more)


def test_work_goes_out_and_comes_back(client_for: Any, make: Any) -> None:
    floor = make.floor(assets=2)
    client = client_for(floor.labellers[0])

    first = _next(client)["work"]
    assert first["stage"] == "label"
    assert first["text"] == "text 0"
    assert _submit(client, first).json == {"accepted": True, "revision": 1}
    assert _submit(client, first).json == {"accepted": True, "revision": 1}
    assert _submit(client, first, key="another-key").status_code == 409

    second = _next(client)["work"]
    assert second["text"] == "text 1"
    assert _submit(client, second, key="second-key").status_code == 200

    nothing = _next(client)
    assert nothing["work"] is None
    assert nothing["empty"]["reason"].startswith("All done")
