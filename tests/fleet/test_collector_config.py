"""The collector's configuration file."""

from pathlib import Path

import pytest

from smarty_p1_fleet import CollectorConfig, read_config
from smarty_p1_gateway import ConfigError

KEY = "000102030405060708090A0B0C0D0E0F"
NATS = 'nats = { servers = ["nats://node1:4222"] }\n'
STORE = 'store = { url = "http://127.0.0.1:8428" }\n'


@pytest.fixture
def keys(tmp_path: Path) -> str:
    file = tmp_path / "keys"
    file.touch(mode=0o600)
    file.write_text(f"* {KEY}\n", encoding="ascii")
    return f'keys = {{ file = "{file}" }}\n'


def read(tmp_path: Path, text: str) -> CollectorConfig:
    file = tmp_path / "collect.toml"
    file.write_text(text, encoding="utf-8")
    return read_config(file)


def test_little_must_be_said(tmp_path: Path, keys: str) -> None:
    config = read(tmp_path, NATS + STORE + keys + 'collector = { name = "one" }\n')
    assert config.nats.servers == ("nats://node1:4222",)
    assert (config.store.urls, config.name) == (("http://127.0.0.1:8428",), "one")
    assert (config.titles, config.publishes_readings) == ((), True)
    assert (config.metrics_address, config.metrics_port) == ("127.0.0.1", None)
    assert config.stream == (None, None, None)
    assert config.registers.name_of("1-0:32.7.0") == "voltage_l1"
    assert KEY not in repr(config).upper()


def test_all_can_be_said(tmp_path: Path, keys: str) -> None:
    more = (
        "collector = { name = 'b-2', titles = ['534147677004102f', '534147677004102E'], "
        "readings = false, stream_gigabytes = 2, stream_days = 30, stream_replicas = 5 }\n"
        "metrics = { address = '::1', port = 9108 }\n"
    )
    config = read(tmp_path, NATS + STORE + keys + more)
    assert (config.name, config.publishes_readings) == ("b-2", False)
    assert [title.hex() for title in config.titles] == ["534147677004102e", "534147677004102f"]
    assert (config.stream, config.metrics_port) == ((2, 30, 5), 9108)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (STORE, r"\[nats\] servers is missing"),
        (NATS, r"\[store\] url is missing"),
        (NATS + "store = { url = 'http://user:secret@x' }", r"\[store\] url must be like"),
        *(
            (NATS + f"store = {{ url = '{url}' }}", r"\[store\] url must be like")
            for url in (
                *("ftp://x", "http://[::1:8428", "http://a:b:c", "http://node1:70000"),
                *("http://node1:0", "http://:8428", "http://node1:8428?x=1"),
            )
        ),
        (NATS + STORE, r"\[keys\] file is missing"),
        (NATS + STORE + "keys = { file = '/nowhere' }", r"\[keys\] file cannot be read"),
        ("other = {}", "top of the file"),
    ],
)
def test_what_is_missing_or_wrong_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        read(tmp_path, text)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("address", ["node1", "[::1]:8428", "10.0.0.1:8428/insert/", "vm_1.lan:80"])
def test_an_address_may_have_many_forms(tmp_path: Path, keys: str, address: str) -> None:
    text = f"{NATS}store = {{ url = 'http://{address}' }}\n{keys}collector = {{ name = 'one' }}\n"
    assert read(tmp_path, text).store.urls == (f"http://{address}".rstrip("/"),)


@pytest.mark.parametrize(
    ("collector", "message"),
    [
        ("name = 'a.b'", "name must have"),
        ("titles = ['meter']", "titles must be up to 1000 system titles"),
        ("titles = '534147677004102E'", "titles must be a list"),
        ("surplus = 1", "surplus is not known"),
        ("stream_days = 0", "stream_days must be from 1 to 366"),
        ("stream_days = 367", "stream_days must be from 1 to 366"),
        ("stream_replicas = 2", "stream_replicas must be 1, 3 or 5"),
    ],
)
def test_what_is_wrong_about_the_collector_is_told(
    tmp_path: Path, keys: str, collector: str, message: str
) -> None:
    name = "" if collector.startswith("name") else "name = 'one', "
    text = f"{NATS}{STORE}{keys}collector = {{ {name}{collector} }}\n"
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


def registers(text: str) -> str:
    return STORE.replace(" }", f", registers = {text} }}")


def test_which_registers_are_stored_can_be_said(tmp_path: Path, keys: str) -> None:
    text = NATS + registers('["billing", "voltage_*"]') + keys + "collector = { name = 'one' }"
    chosen = read(tmp_path, text).registers
    assert chosen.name_of("1-0:1.8.0") == "active_energy_imported"
    assert chosen.name_of("1-0:52.7.0") == "voltage_l2"
    assert chosen.name_of("1-0:1.7.0") == ""


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ('["voltag_l1"]', "has voltag_l1, and no register .* all, billing, .* voltage_l1,"),
        ('["billing", "xy*"]', r"has xy\*, and no register is called so"),
        ("[]", "registers must be a list of texts"),
        ('"all"', "registers must be a list"),
        ('["VOLTAGE"]', "registers must have names of A-Z in small letters"),
        (f'["{"a" * 65}"]', "registers must have names of A-Z in small letters"),
        (f"{['all'] * 101}", "registers has more than 100 names"),
    ],
)
def test_a_register_that_there_is_not_is_told(
    tmp_path: Path, keys: str, names: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"\[store\] .*{message}"):
        read(tmp_path, NATS + registers(names) + keys + "collector = { name = 'one' }")
