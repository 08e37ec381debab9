"""Client of Home Assistant's MCP server, as a program of its own.

It runs with the `mcp` of the tested Home Assistant. Input: JSON with `url`, `token` and `calls`,
which are names and arguments. Output: JSON with the `tools` and with an answer to each call.
"""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client import streamable_http

from smartyp1.json_types import JsonDict


async def ask(url: str, token: str, calls: list[tuple[str, JsonDict]]) -> JsonDict:
    """List the tools, call some of them, and return everything as JSON."""
    async with (
        streamable_http.create_mcp_http_client(  # type: ignore[attr-defined] # not exported
            {"Authorization": f"Bearer {token}"}
        ) as http,
        streamable_http.streamable_http_client(url, http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        listed = (await session.list_tools()).tools
        answers = [await session.call_tool(name, arguments) for name, arguments in calls]
    return {
        "tools": [tool.model_dump(mode="json", by_alias=True) for tool in listed],
        "answers": [answer.model_dump(mode="json", by_alias=True) for answer in answers],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask(**json.load(sys.stdin)))))  # noqa: T201 - its answer
