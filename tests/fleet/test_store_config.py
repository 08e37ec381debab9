"""The table [store]: addresses, logins, certificates."""

import logging
from pathlib import Path

import pytest

from smarty_p1_fleet.store.store_config import StoreConfig, read_store
from smarty_p1_gateway import ConfigError, ConfigTable
from tests.authority import Authority

URL = "https://127.0.0.1:8428"


def read(content: dict[str, object]) -> StoreConfig:
    table = ConfigTable("store", content)
    config = read_store(table)
    table.end()
    return config


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text("s3cret\nthe second line\n", encoding="ascii")
    return str(file)


def test_nobody_logs_in_where_nothing_is_said_and_several_addresses_are_one_store() -> None:
    assert read({"urls": ["http://a", "http://b:1/vm/"]}).urls == ("http://a", "http://b:1/vm")
    config = read({"url": "http://127.0.0.1:8428/"})
    assert config.urls == ("http://127.0.0.1:8428",)
    assert config.login.options["headers"] == {}
    assert config.delete_auth_key is None


def test_a_user_has_a_password(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user: dict[str, object] = {"url": URL, "username": "writer"}
    config = read({**user, "password_file": secret})
    # printf 'writer:s3cret' | base64
    assert config.login.options["headers"] == {"Authorization": "Basic d3JpdGVyOnMzY3JldA=="}
    assert "s3cret" not in repr(config)
    assert "d3Jp" not in repr(config)
    monkeypatch.setenv("SMARTY_P1_STORE_PASSWORD", "s3cret")
    assert read(user).login.options == config.login.options


def test_a_token_takes_the_place_of_a_user(secret: str) -> None:
    config = read({"url": URL, "token_file": secret, "delete_auth_key_file": secret})
    assert config.login.options["headers"] == {"Authorization": "Bearer s3cret"}
    assert config.delete_auth_key == "s3cret"
    assert "s3cret" not in repr(config)


def test_a_certificate_has_a_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("client")
    files = {"ca_file": str(authority.file), "certificate_file": str(certificate)}
    config = read({"url": URL, **files, "key_file": str(key)})
    assert config.login.options["ssl"] is not True
    with pytest.raises(ConfigError, match=r"\[store\] key_file is missing"):
        read({"url": URL, **files})
    with pytest.raises(ConfigError, match=r"\[store\] certificate_file cannot be used: there must"):
        read({"url": URL, **files, "key_file": str(authority.file)})
    with pytest.raises(ConfigError, match=r"\[store\] key_file cannot be used: No such file"):
        read({"url": URL, **files, "key_file": str(tmp_path / "missing")})
    with pytest.raises(ConfigError, match=r"\[store\] ca_file cannot be used: there is no cert"):
        read({"url": URL, "ca_file": str(key)})
    with pytest.raises(ConfigError, match=r"\[store\] ca_file is for https://, which urls has not"):
        read({"urls": [URL, "http://127.0.0.1"], "ca_file": str(authority.file)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"url": URL, "urls": [URL]}, "url and urls are both there"),
        ({"urls": [URL] * 9}, "urls must not have more than 8"),
        ({"urls": [URL, "http://u:p4ss@a"]}, "urls must be like"),
        ({"url": "http://a:8480/insert/0/influx"}, "url is an address of VictoriaMetrics' cluster"),
        ({"url": "http://a/insert/7:3/prometheus"}, "url is an address of VictoriaMetrics' clust"),
        ({"url": "http://a/x/insert/multitenant"}, "url is an address of VictoriaMetrics' cluster"),
        ({"url": URL, "password": "p4ss"}, "password does not belong here: use password_file"),
        ({"url": URL, "token": "p4ss"}, "token does not belong here: use token_file"),
        ({"url": URL, "username": "u"}, "password_file is missing"),
        ({"url": URL, "username": "u:v", "password_file": "$F"}, "username must not have a colon"),
        ({"url": URL, "username": "u", "token_file": "$F"}, "username and token_file are both"),
        ({"url": URL, "password_file": "$F"}, "username is missing"),
        ({"url": URL, "token_file": "/nowhere"}, "token_file cannot be read: No such file"),
        ({"url": URL, "token_file": "$NOWHERE/x"}, r"token_file names a \$VARIABLE"),
        ({"url": URL, "token_file": "$EMPTY"}, "token_file is empty"),
        ({"url": URL, "token_file": "$BLANKS"}, "token_file has no token"),
        ({"url": URL, "delete_auth_key_file": "$EMPTY"}, "delete_auth_key_file must have the key"),
    ],
)
def test_what_is_wrong_is_told(
    content: dict[str, object],
    message: str,
    secret: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "blanks").write_text("p4ss w0rd\n")
    for name, file in (("F", secret), ("EMPTY", "empty"), ("BLANKS", "blanks")):
        monkeypatch.setenv(name, str(tmp_path / file))
    with pytest.raises(ConfigError, match=rf"\[store\] {message}") as told:
        read(content)
    assert not {"p4ss", "s3cret"} & set(str(told.value).split())


@pytest.mark.parametrize(
    ("url", "warnings"),
    [("http://10.0.0.1", 1), ("http://vm.lan", 1), ("http://[::1]:1", 0), (URL, 0)],
)
def test_a_login_that_others_can_read_on_its_way_is_told(
    url: str, warnings: int, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    read({"url": url, "username": "u", "password_file": secret})
    told = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert [text.partition(":")[0] for text in told] == [
        "[store] the login goes over the network unencrypted"
    ] * warnings
