"""The virtual meter of a gateway: its table, its answers, its serial number."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dev.encoder import frame, telegram
from dev.meter_port import MeterPort
from dev.ports import free_ports
from smarty_p1_gateway import ConfigError, read_config
from smarty_p1_gateway.virtual_config import VirtualConfig
from smartyp1.virtual import Kind
from tests.gateway.loopback import Broker, Gateway, keys, until


async def get(port: int, path: str) -> Any:  # noqa: ANN401
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json(content_type=None)


async def test_it_answers_with_what_its_port_says_and_keeps_its_serial_number(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:
    port = free_ports()
    table = f'[virtual]\naddress = "127.0.0.1"\nport = {port}\n'
    async with broker.serving(), MeterPort() as other:
        gateway = Gateway(
            tmp_path, broker, other, line, options=f'{keys(tmp_path)}{table}meter = "shed"\n'
        )
        serials = set()
        for counter in (1, 3):
            async with gateway.running():
                assert (await get(port, "/api/v1/data"))["error"]["id"] == 503
                power = telegram(f"1-0:1.7.0(0{counter}.234*kW)", "1-0:2.7.0(00.000*kW)")
                await line.send(frame(counter, power))
                await broker.until_last(
                    "smarty_p1/shed/active_power_imported", f"{counter}.234".encode()
                )
                assert (await get(port, "/api/v1/data"))["active_power_w"] == counter * 1000 + 234
                status = await get(port, "/rpc/EM.GetStatus?id=0")
                assert status["total_act_power"] == counter * 1000 + 234
                serials.add((await get(port, "/api"))["serial"])
        assert len(serials) == 1


async def test_a_port_that_cannot_be_had_is_said_and_tried_again(
    tmp_path: Path,
    broker: Broker,
    line: MeterPort,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_gateway.virtual_meter._RETRY_EVERY", 0.01)
    async with broker.serving():
        async with MeterPort() as taken:
            table = f'[virtual]\naddress = "127.0.0.1"\nport = {taken.port}\n'
            gateway = Gateway(tmp_path, broker, line, options=keys(tmp_path) + table)
            running = gateway.running()
            await running.__aenter__()
            await until(lambda: "cannot be used" in caplog.text)
            port = taken.port
        await until(lambda: "The virtual meter answers" in caplog.text)
        assert caplog.text.count("cannot be used") == 1
        assert (await get(port, "/api"))["product_type"] == "HWE-P1"
        await running.__aexit__(None, None, None)


LEAST = '[mqtt]\nhost = "broker"\n'
PORT = '[[port]]\naddress = "10.0.0.1:2001"\nname = "house"\n'


def test_what_the_table_may_say(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    table = """[virtual]
meter = "house"
kinds = ["shelly"]
address = "::"
port = 8080
batteries = ["192.168.1.20"]
udp_ports = [1010, 2220]
silent = true
shows_telegram = true
"""
    path.write_text(LEAST + keys(tmp_path) + table + PORT, encoding="utf-8")
    assert read_config(path).virtual == VirtualConfig(
        meter="house",
        kinds=(Kind.SHELLY,),
        address="::",
        port=8080,
        batteries=("192.168.1.20",),
        udp_ports=(1010, 2220),
        is_silent=True,
        shows_telegram=True,
    )


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ('meter = "shed"', "no \\[\\[port\\]\\]"),
        ('kinds = ["fronius"]', "kinds must be of"),
        ('address = "cellar"', "address must be an IP address"),
        ("port = 0", "port must be"),
        ('batteries = ["8.8.8.8"]', "batteries must be"),
        ("udp_ports = [70000]", "udp_ports must be"),
        ('kinds = ["homewizard"]\nudp_ports = [1010]', "udp_ports needs kinds"),
        ("profile = 1", "profile is not known"),
    ],
)
def test_what_the_table_may_not_say(tmp_path: Path, table: str, what: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(f"{LEAST}{keys(tmp_path)}[virtual]\n{table}\n{PORT}", encoding="utf-8")
    with pytest.raises(ConfigError, match=what):
        read_config(path)


def test_which_meter_must_be_clear_and_its_key_there(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    other = '[[port]]\naddress = "10.0.0.2:2001"\nname = "shed"\n'
    path.write_text(LEAST + keys(tmp_path) + "[virtual]\n" + PORT + other, encoding="utf-8")
    with pytest.raises(ConfigError, match="meter is missing"):
        read_config(path)
    path.write_text(f"{LEAST}[virtual]\n{PORT}", encoding="utf-8")
    with pytest.raises(ConfigError, match="needs \\[keys\\]"):
        read_config(path)
