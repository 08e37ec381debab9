"""The table [nats]: what it says, and what is said about mistakes in it."""

import ssl
from pathlib import Path

import nkeys
import pytest

from smarty_p1_gateway import ConfigError, read_config
from smarty_p1_gateway.nats.nats_config import NatsConfig

PORT = '[[port]]\naddress = "/dev/ttyUSB0"\nname = "house"\n'
SERVERS = 'servers = ["node1"]\n'


def read(directory: Path, text: str) -> NatsConfig:
    path = directory / "gateway.toml"
    path.write_text(f"[nats]\n{text}\n{PORT}", encoding="utf-8")
    broker = read_config(path).broker
    assert isinstance(broker, NatsConfig)
    return broker


def credentials(directory: Path) -> Path:
    seed = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER).decode()
    path = directory / "user.creds"
    path.write_text(
        "-----BEGIN NATS USER JWT-----\nabc.def\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n",
        encoding="ascii",
    )
    return path


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("node1", "nats://node1:4222"),
        ("node1:5222", "nats://node1:5222"),
        ("nats://10.0.0.1:4222/", "nats://10.0.0.1:4222"),
        ("[fd00::1]:4222", "nats://[fd00::1]:4222"),
    ],
)
def test_servers(tmp_path: Path, server: str, url: str) -> None:
    config = read(tmp_path, f'servers = ["{server}", "nats://other:1"]')
    assert config.servers == (url, "nats://other:1")
    assert read(tmp_path, f"{SERVERS}batch_seconds = 0.5").batch_seconds == 0.5
    assert (config.username, config.password, config.credentials, config.tls) == (None,) * 4


def test_user_and_password_over_tls(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n", encoding="ascii")
    config = read(
        tmp_path,
        f'{SERVERS}tls = true\nusername = "gateway"\npassword_file = "{tmp_path / "password"}"',
    )
    assert (config.username, config.password) == ("gateway", "s3cret")
    assert isinstance(config.tls, ssl.SSLContext)
    assert config.tls.verify_mode is ssl.CERT_REQUIRED
    assert config.tls.check_hostname
    assert "s3cret" not in repr(config)


def test_a_credentials_file(tmp_path: Path) -> None:
    path = credentials(tmp_path)
    config = read(tmp_path, f'{SERVERS}credentials_file = "{path}"')
    assert config.credentials == path.read_text(encoding="ascii")
    assert "SEED" not in repr(config)


@pytest.mark.parametrize(
    ("text", "inbox"),
    [
        ("", "_INBOX"),
        ('username = "cellar-1"', "_INBOX_cellar-1"),
        # The longest name that `fleet init` accepts.
        (f'username = "{"g" * 64}"', f"_INBOX_{'g' * 64}"),
        # Below these would be those of others.
        ('username = "cellar.1"', "_INBOX"),
        ('username = "*"', "_INBOX"),
        ('username = "cellar"\ninbox_prefix = "_INBOX"', "_INBOX"),
        ('inbox_prefix = "_INBOX_attic"', "_INBOX_attic"),
    ],
)
def test_the_inbox_is_the_users_own(
    tmp_path: Path, text: str, inbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "username" in text:
        monkeypatch.setenv("SMARTY_P1_NATS_PASSWORD", "s3cret")
    assert read(tmp_path, SERVERS + text).inbox_prefix == inbox


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{SERVERS}inbox_prefix = "_INBOX.>"', "[nats] inbox_prefix must have 1 to 71 of A-Z"),
        ("", "[nats] servers is missing"),
        ("servers = []", "[nats] servers must be a list of texts in quotes"),
        (f"servers = {['a'] * 101}", "[nats] servers must not have more than 100 nodes"),
        ('servers = ["mqtt://node1"]', "[nats] servers must be like nats://node1:4222"),
        ('servers = ["tls://node1"]', "[nats] servers must be like nats://node1:4222; for TLS"),
        ('servers = ["nats://node1:99999"]', "[nats] servers must be like nats://node1:4222"),
        ('servers = ["nats://node1/x"]', "[nats] servers must be like nats://node1:4222"),
        ('servers = ["a b"]', "[nats] servers must be like nats://node1:4222"),
        ('servers = ["u:s3cret@n"]', "[nats] servers must not have a login in it"),
        (f'{SERVERS}username = "gateway"', "[nats] password_file is missing"),
        (f'{SERVERS}credentials_file = "/none"', "[nats] credentials_file cannot be read: No such"),
        (f'{SERVERS}topic = "x"', "[nats] topic is not known"),
        (f'{SERVERS}ca_file = "/none"', "[nats] ca_file cannot be used"),
        (f'{SERVERS}[mqtt]\nhost = "broker"', "there must be either [mqtt] or [nats]"),
        (f'{SERVERS}{PORT}root = "flat/1"', "[port 1] root is for [mqtt]"),
        *(
            (f"{SERVERS}batch_seconds = {text}", "[nats] batch_seconds must be")
            for text in ("-1", "61", "'1'", "true", "inf", "nan", "9" * 400)
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(message)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("seed", ["", "s3cret", "SUADEADBEEF", "ü"])
def test_credentials_that_are_none(tmp_path: Path, seed: str) -> None:
    path = credentials(tmp_path)
    lines = path.read_text(encoding="ascii").splitlines()
    lines[5] = seed
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read(tmp_path, f'{SERVERS}credentials_file = "{path}"')
    assert str(error.value) == "[nats] credentials_file is no NATS credentials file"


def test_two_logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTY_P1_NATS_PASSWORD", "s3cret")
    path = credentials(tmp_path)
    with pytest.raises(ConfigError, match=r"^\[nats\] username and credentials_file are both"):
        read(tmp_path, f'{SERVERS}credentials_file = "{path}"\nusername = "gateway"')


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smarty_p1_gateway.nats.nats_config.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"^\[nats\] needs nats-py: .*\[fleet\]$"):
        read(tmp_path, SERVERS)
