"""An assistant asks a real Home Assistant, the oldest and the newest: by Assist, and by MCP."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import pytest_socket

from dev.checkout import ROOT
from dev.demo import home_assistant
from dev.demo.client import ClientError
from dev.simulator import Server
from dev.testing.real_programs import (
    DEMO_PYTHON,
    IN_ONE_LOOP,
    OLDEST_PYTHON,
    RecordingMeter,
    until,
    wanted_version,
)
from smartyp1.json_types import JsonDict
from tests import stand_in_model
from tests.system.home import Home
from tests.system.leneda_of_meter import ACCOUNT, platform_of
from tests.system.test_oldest import FRONTEND, address

pytestmark = [pytest.mark.slow, IN_ONE_LOOP]

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
CONTRACT = {"reference_power": 7, "energy_price": 0.15}
PREFIX = "smarty_p1__"
VERSIONS = {"test": OLDEST_PYTHON, "demo": DEMO_PYTHON}
QUESTIONS: dict[str, JsonDict] = {
    "bill": {},
    "compare_months": {},
    "today": {},
    "best_start": {"kw": 1, "hours": 2},
    "plan": {},
    "reference_powers": {},
    "what_if": {"changes": [{"kind": "battery", "kwh": 10, "kw": 5}], "feed_in_price": 0.06},
    "year": {},
}


class Assistant:
    """Home Assistant with a stand-in of a language model and with an MCP server."""

    def __init__(self, home: Home, python: Path, entry_id: str) -> None:
        self.home = home
        self.python = python
        self.entry_id = entry_id

    async def ask(self, tool: str, arguments: JsonDict) -> Any:  # noqa: ANN401 - JSON
        """Ask the model, as the dialog of Assist does, and return the answer of its tool."""
        turn = await self.home.client.command(
            "conversation/process",
            text=f"{PREFIX}{tool} {json.dumps(arguments)}",
            agent_id=stand_in_model.AGENT,
        )
        return json.loads(turn["response"]["speech"]["plain"]["speech"])

    async def ask_mcp(self, calls: Sequence[tuple[str, JsonDict]]) -> Any:  # noqa: ANN401 - JSON
        """Call tools as another program does."""
        client = self.home.client
        asked = {
            "url": f"{client.url}/api/mcp",
            "token": client.tokens["access_token"],
            "calls": [(f"{PREFIX}{name}", arguments) for name, arguments in calls],
        }
        program = await asyncio.create_subprocess_exec(
            *(self.python, "-m", "tests.system.mcp_client"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await program.communicate(json.dumps(asked).encode())
        assert program.returncode == 0
        return json.loads(output)

    async def card(self, command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON
        return await self.home.client.command(
            f"smarty_p1/{command}", entry_id=self.entry_id, **fields
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["test", "demo"])
async def assistant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Assistant]:
    """Run Home Assistant with a meter whose year is at the platform Leneda."""
    # The tests of the first Home Assistant have forbidden sockets again.
    pytest_socket.enable_socket()
    directory, stub = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("packages")
    (stub / "hass_frontend").mkdir()
    (stub / "hass_frontend" / "__init__.py").write_text(FRONTEND, "ascii")
    integrations = directory / "config" / "custom_components"
    shutil.copytree(Path(stand_in_model.__file__).parent, integrations / stand_in_model.DOMAIN)
    meter, python = RecordingMeter(1, KEY), VERSIONS[request.param]
    environment = {"PYTHONPATH": str(stub)} if request.param == "test" else None
    more = f"conversation:\n{stand_in_model.DOMAIN}:\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home_assistant, "CONFIGURATION", home_assistant.CONFIGURATION + more)
        async with (
            Server([meter], interval=1) as line,
            platform_of(meter) as platform,
            Home(
                directory, meter, python=python, environment=environment, leneda=platform.url
            ) as home,
        ):
            assert (await home.client.get("/api/config"))["version"] == wanted_version(
                request.param
            )
            entry = await home.add_meter(address(line), KEY)
            await home.set_options(**CONTRACT)
            await home.set_options(**ACCOUNT)
            await home.client.run_flow("mcp_server", llm_hass_api=["assist"])
            asked = Assistant(home, python, entry["entry_id"])

            async def is_year_known() -> bool:
                try:
                    classes = await asked.card("classes")
                except ClientError:
                    # After new options, the meter is loaded again.
                    return False
                return len(classes["decisive"]) == 12

            await until(is_year_known)
            yield asked


async def expose(assistant: Assistant) -> None:
    """Expose one entity of the meter to Assist."""
    entities = await assistant.home.entities()
    await assistant.home.client.command(
        "homeassistant/expose_entity",
        assistants=["conversation"],
        entity_ids=[entities["energy_imported"]],
        should_expose=True,
    )


async def test_each_tool_is_asked_by_assist_and_by_mcp(assistant: Assistant) -> None:
    assert not [tool for tool in (await assistant.ask_mcp([]))["tools"] if PREFIX in tool["name"]]
    await expose(assistant)

    told = await assistant.ask_mcp([*QUESTIONS.items()])

    tools = {tool["name"]: tool for tool in told["tools"] if tool["name"].startswith(PREFIX)}
    assert [*tools] == [f"{PREFIX}{name}" for name in QUESTIONS]
    for tool in tools.values():
        hints = {name: value for name, value in tool["annotations"].items() if value is not None}
        assert hints == {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": True,
            "openWorldHint": False,
        }
    for (name, arguments), answer in zip(QUESTIONS.items(), told["answers"], strict=True):
        assert not answer["isError"], answer
        [content] = answer["content"]
        assert len(content["text"].encode()) <= 4000
        by_mcp, by_assist = json.loads(content["text"]), await assistant.ask(name, arguments)
        # Between the questions, the meter has sent a telegram.
        assert by_mcp.keys() == by_assist.keys(), name
        assert by_assist["meter"] == by_mcp["meter"]


async def test_a_refusal_reaches_both(assistant: Assistant) -> None:
    await expose(assistant)
    asked = {"month": "1999-01"}

    [by_mcp] = (await assistant.ask_mcp([("bill", asked)]))["answers"]

    assert by_mcp["isError"]
    assert json.loads(by_mcp["content"][0]["text"])["error"] == "month_unknown"
    assert (await assistant.ask("bill", asked))["error"] == "month_unknown"


async def test_the_log_has_no_complaint(assistant: Assistant) -> None:
    log = assistant.home.log.read_text("utf-8")
    complaints = [line for line in log.splitlines() if " ERROR " in line or "Traceback" in line]
    assert not [line for line in complaints if "smarty_p1" in line or "stand_in" in line]
    assert "without an integration" not in log
    assert "not prefixed" not in log
