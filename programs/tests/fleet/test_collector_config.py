"""The collector's configuration file, and its table [store]: addresses, logins, certificates."""

import logging
import tomllib
from pathlib import Path

import pytest

from dev.testing.authority import Authority
from dev.testing.table import rows
from smarty_p1_fleet import CollectorConfig, read_config
from smarty_p1_fleet.store.export_csv import read_store_config
from smarty_p1_fleet.store.store_config import StoreConfig, read_store
from smarty_p1_gateway import ConfigError, ConfigTable
from smarty_p1_gateway.config_table import FORMAT

KEY = "000102030405060708090A0B0C0D0E0F"
NATS = 'nats = { servers = ["nats://node1:4222"] }\n'
STORE = 'store = { url = "http://127.0.0.1:8428" }\n'


@pytest.fixture
def keys(tmp_path: Path) -> str:
    file = tmp_path / "keys"
    file.touch(mode=0o600)
    file.write_text(f"* {KEY}\n", "ascii")
    return f'keys = {{ file = "{file}" }}\n'


def read(tmp_path: Path, text: str) -> CollectorConfig:
    file = tmp_path / "collect.toml"
    file.write_text(text, "utf-8")
    return read_config(file)


def test_few_keys_are_required(tmp_path: Path, keys: str) -> None:
    config = read(tmp_path, NATS + STORE + keys + 'collector = { name = "one" }\n')
    assert config.nats.servers == ("nats://node1:4222",)
    assert (config.store.urls, config.name) == (("http://127.0.0.1:8428",), "one")
    assert (config.titles, config.publishes_readings) == ((), True)
    assert (config.metrics_address, config.metrics_port) == ("127.0.0.1", None)
    assert config.stream == (None, None, None)
    assert config.registers.name_of("1-0:32.7.0") == "voltage_l1"
    assert KEY not in repr(config).upper()


def test_all_keys_of_the_configuration(tmp_path: Path, keys: str) -> None:
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
        *(
            (
                NATS + f"store = {{ url = 'http://x', name = '{name}' }}",
                r"\[store\] name must have 1",
            )
            for name in ("a b", "x" * 33)
        ),
        (NATS + STORE, r"\[keys\] file is missing"),
        (NATS + STORE + "keys = { file = '/nowhere' }", r"\[keys\] file cannot be read"),
        ("other = {}", "top of the file"),
    ],
)
def test_the_message_names_a_missing_or_wrong_key(tmp_path: Path, text: str, message: str) -> None:
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
def test_the_message_names_the_fault_of_the_collector_table(
    tmp_path: Path, keys: str, collector: str, message: str
) -> None:
    name = "" if collector.startswith("name") else "name = 'one', "
    text = f"{NATS}{STORE}{keys}collector = {{ {name}{collector} }}\n"
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("text", ["wings = 2\n", "collector = { name = 'one', wings = 2 }\n"])
def test_keys_of_a_newer_file_are_ignored_and_named(
    tmp_path: Path, keys: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"{NATS}{STORE.replace(' }', ', wings = 2 }')}{keys}{text}"
    read(tmp_path, f"format = {FORMAT + 1}\n{text}")
    read_store_config(tmp_path / "collect.toml")
    assert len([message for message in caplog.messages if "wings is not known" in message]) == 3
    for of_today in (text, f"format = {FORMAT}\n{text}"):
        with pytest.raises(ConfigError, match="wings is not known"):
            read(tmp_path, of_today)
        with pytest.raises(ConfigError, match="wings is not known"):
            read_store_config(tmp_path / "collect.toml")


def test_an_address_of_metrics_that_cannot_be_looked_up_is_refused(
    tmp_path: Path, keys: str
) -> None:
    text = f"{NATS}{STORE}{keys}collector = {{ name = 'one' }}\nmetrics = {{ address = 'a..b' }}\n"
    with pytest.raises(ConfigError, match=r"\[metrics\] address must be a name or an address"):
        read(tmp_path, text)


def registers(text: str) -> str:
    return STORE.replace(" }", f", registers = {text} }}")


def test_the_stored_registers_can_be_chosen(tmp_path: Path, keys: str) -> None:
    text = NATS + registers('["billing", "voltage_*"]') + keys + "collector = { name = 'one' }"
    chosen = read(tmp_path, text).registers
    assert chosen.name_of("1-0:1.8.0") == "active_energy_imported"
    assert chosen.name_of("1-0:52.7.0") == "voltage_l2"
    assert chosen.name_of("1-0:1.7.0") == ""


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ('["voltag_l1"]', "has voltag_l1, but no register .* all, billing, .* voltage_l1,"),
        ('["billing", "xy*"]', r"has xy\*, but no register has this name"),
        ("[]", "registers must be a list of texts"),
        ('"all"', "registers must be a list"),
        ('["VOLTAGE"]', "registers must have names of a-z, 0-9, _ and *"),
        (f'["{"a" * 65}"]', "registers must have names of a-z, 0-9, _ and *"),
        (f"{['all'] * 101}", "registers has more than 100 names"),
    ],
)
def test_an_unknown_register_is_refused(
    tmp_path: Path, keys: str, names: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"\[store\] .*{message}"):
        read(tmp_path, NATS + registers(names) + keys + "collector = { name = 'one' }")


URL = "https://127.0.0.1:8428"


def read_table(content: dict[str, object]) -> StoreConfig:
    table = ConfigTable("store", content)
    config = read_store(table)
    table.end()
    return config


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text("s3cret\nthe second line\n", "ascii")
    return str(file)


def test_no_login_by_default_and_several_addresses_are_one_store() -> None:
    assert read_table({"urls": ["http://a", "http://b:1/vm/"]}).urls == (
        "http://a",
        "http://b:1/vm",
    )
    config = read_table({"url": "http://127.0.0.1:8428/"})
    assert config.urls == ("http://127.0.0.1:8428",)
    assert config.login.options["headers"] == {}
    assert config.delete_auth_key is None


def test_a_user_has_a_password(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user: dict[str, object] = {"url": URL, "username": "writer"}
    config = read_table({**user, "password_file": secret})
    # printf 'writer:s3cret' | base64
    assert config.login.options["headers"] == {"Authorization": "Basic d3JpdGVyOnMzY3JldA=="}
    assert "s3cret" not in repr(config)
    assert "d3Jp" not in repr(config)
    monkeypatch.setenv("SMARTY_P1_STORE_PASSWORD", "s3cret")
    assert read_table(user).login.options == config.login.options


def test_a_token_takes_the_place_of_a_user(secret: str) -> None:
    config = read_table({"url": URL, "token_file": secret, "delete_auth_key_file": secret})
    assert config.login.options["headers"] == {"Authorization": "Bearer s3cret"}
    assert config.delete_auth_key == "s3cret"
    assert "s3cret" not in repr(config)


def test_a_certificate_has_a_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("client")
    files = {"ca_file": str(authority.file), "certificate_file": str(certificate)}
    config = read_table({"url": URL, **files, "key_file": str(key)})
    assert config.login.options["ssl"] is not True
    with pytest.raises(ConfigError, match=r"\[store\] key_file is missing"):
        read_table({"url": URL, **files})
    with pytest.raises(ConfigError, match=r"\[store\] certificate_file cannot be used: there must"):
        read_table({"url": URL, **files, "key_file": str(authority.file)})
    with pytest.raises(ConfigError, match=r"\[store\] key_file cannot be used: No such file"):
        read_table({"url": URL, **files, "key_file": str(tmp_path / "missing")})
    with pytest.raises(ConfigError, match=r"\[store\] ca_file cannot be used: there is no cert"):
        read_table({"url": URL, "ca_file": str(key)})
    with pytest.raises(ConfigError, match=r"\[store\] ca_file is for https://, which urls has not"):
        read_table({"urls": [URL, "http://127.0.0.1"], "ca_file": str(authority.file)})


@pytest.mark.parametrize(
    ("content", "message"),
    rows("""
url = "URL"; urls = ["URL"]    | url and urls are both there
urls = ["URL", "URL", "URL", "URL", "URL", "URL", "URL", "URL", "URL"] | \
    urls must not have more than 8
urls = ["URL", "http://u:p4ss@a"] | urls must be like
url = "http://a:8480/insert/0/influx" | url is an address of VictoriaMetrics' cluster
url = "http://a/insert/7:3/prometheus" | url is an address of VictoriaMetrics' clust
url = "http://a/x/insert/multitenant" | url is an address of VictoriaMetrics' cluster
url = "URL"; password = "p4ss" | password does not belong here: use password_file
url = "URL"; token = "p4ss"    | token does not belong here: use token_file
url = "URL"; username = "u"    | password_file is missing
url = "URL"; username = "u:v"; password_file = "$F" | username must not have a colon
url = "URL"; username = "u"; token_file = "$F" | username and token_file are both
url = "URL"; password_file = "$F" | username is missing
url = "URL"; token_file = "/nowhere" | token_file cannot be read: No such file
url = "URL"; token_file = "$NOWHERE/x" | token_file names a \\$VARIABLE
url = "URL"; token_file = "$EMPTY" | token_file is empty
url = "URL"; token_file = "$BLANKS" | token_file has no token
url = "URL"; delete_auth_key_file = "$EMPTY" | delete_auth_key_file is empty
    """),
)
def test_the_message_names_the_fault_of_the_store_table(
    content: str,
    message: str,
    secret: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty").write_text("\np4ss\n")
    (tmp_path / "blanks").write_text("p4ss w0rd\n")
    for name, file in (("F", secret), ("EMPTY", "empty"), ("BLANKS", "blanks")):
        monkeypatch.setenv(name, str(tmp_path / file))
    with pytest.raises(ConfigError, match=rf"\[store\] {message}") as told:
        read_table(tomllib.loads(content.replace("URL", URL).replace("; ", "\n")))
    assert not {"p4ss", "s3cret"} & set(str(told.value).split())


@pytest.mark.parametrize(
    ("url", "warnings"),
    [("http://10.0.0.1", 1), ("http://vm.lan", 1), ("http://[::1]:1", 0), (URL, 0)],
)
def test_an_unencrypted_login_gives_a_warning(
    url: str, warnings: int, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    read_table({"url": url, "username": "u", "password_file": secret})
    told = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert [text.partition(":")[0] for text in told] == [
        "[store] the login goes over the network unencrypted"
    ] * warnings
