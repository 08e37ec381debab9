"""Messages of the check of Prometheus and Alertmanager."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from smarty_p1_fleet.init import check_monitoring


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "cannot be asked: it answers with 401"),
        (404, "cannot be asked: it answers with 404"),
        (None, "cannot be asked: ServerDisconnectedError"),
    ],
)
async def test_a_refused_request(status: int | None, message: str) -> None:
    async def refuse(request: web.Request) -> web.Response:
        if status is None:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=status or 200)

    app = web.Application()
    app.router.add_get("/{path:.*}", refuse)
    async with TestServer(app) as server:
        fleet: Any = SimpleNamespace(prometheus_port=server.port, alertmanager_port=server.port)
        text, is_right = await check_monitoring(fleet, server.host)
        url = f"http://{server.host}:{server.port}"
    assert not is_right
    assert text.splitlines() == [
        f"{name} at {url} {message}" for name in ("Prometheus", "Alertmanager")
    ]
