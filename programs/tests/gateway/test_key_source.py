"""The meters' keys: their notation, the rights of their file, and messages about faults."""

import logging
import os
import sys
import time
import traceback
from pathlib import Path

import pytest

from smarty_p1_gateway import ConfigError, ConfigTable, Keys, MeterKeys, read_keys_source

TITLE, OTHER, NEITHER = (bytes.fromhex(f"5341473500{number:06X}") for number in (1, 2, 3))
KEY, OTHER_KEY, EVERY_KEY = (bytes([number]) * 16 for number in (0xA1, 0xB2, 0xC3))
AUTHENTICATION = bytes([0xD4]) * 16
DEFAULT_AUTHENTICATION = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
LINES = f"""
# a comment

{TITLE.hex()} {KEY.hex().upper()}\t# the house
 {OTHER.hex().upper()}   {OTHER_KEY.hex()} {AUTHENTICATION.hex()}
"""


def read(**content: object) -> Keys:
    table = ConfigTable("keys", content)
    keys = read_keys_source(table, may_change=False).read_keys()
    table.end()
    return keys


def write(path: Path, text: str | bytes, mode: int = 0o600) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return str(path)


def error_of(**content: object) -> str:
    with pytest.raises(ConfigError) as error:
        read(**content)
    whole = "".join(traceback.format_exception(error.value))
    for secret in (KEY, OTHER_KEY, EVERY_KEY, TITLE):
        assert secret.hex() not in whole.lower()
    return str(error.value)


def test_keys_of_a_file_or_a_command(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    own = write(tmp_path / "keys", LINES)
    for keys in (read(file=own), read(command=["cat", own])):
        assert keys.key_of(TITLE) == MeterKeys(KEY, DEFAULT_AUTHENTICATION)
        assert keys.key_of(OTHER) == MeterKeys(OTHER_KEY, AUTHENTICATION)
        assert keys.key_of(NEITHER) is None
    assert error_of() == "[keys] file is missing: the file with the meters' keys; or use command"
    # A key of each meter that is not named; the published key may be its authentication key.
    every = f"* {EVERY_KEY.hex()} {DEFAULT_AUTHENTICATION.hex()}"
    keys = read(file=write(tmp_path / "more", f"{every}\n{LINES}"))
    assert keys.key_of(NEITHER) == MeterKeys(EVERY_KEY, DEFAULT_AUTHENTICATION)
    assert keys.key_of(TITLE) == MeterKeys(KEY, DEFAULT_AUTHENTICATION)
    assert caplog.messages == []


def test_the_keys_are_not_shown(tmp_path: Path) -> None:
    keys = read(file=write(tmp_path / "keys", f"{LINES}\n* {EVERY_KEY.hex()}"))
    shown = f"{keys!r} {keys.key_of(TITLE)!r} {keys.key_of(OTHER)}"
    assert "2 meters" in shown
    for secret in (KEY, OTHER_KEY, EVERY_KEY, AUTHENTICATION):
        assert secret.hex() not in shown.lower()
        assert repr(secret)[2:10] not in shown


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_a_file_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    message = error_of(file=write(tmp_path / "keys", LINES, mode))
    assert message.startswith("[keys] file may be read or written by others")
    assert "chmod 600" in message


def test_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is root's, with 0440 where an access list lets the service read it."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    if os.getuid() == 0:
        write(tmp_path / "keys", LINES, 0o440)
        assert read(file="$CREDENTIALS_DIRECTORY/keys").key_of(TITLE)
        # Elsewhere, it is a group's.
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
        assert "chmod 600" in error_of(file=str(tmp_path / "keys"))
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        write(tmp_path / "keys", LINES, 0o444)
        assert "chmod 600" in error_of(file="${CREDENTIALS_DIRECTORY}/keys")
    write(tmp_path / "keys", LINES, 0o400)
    assert read(file="${CREDENTIALS_DIRECTORY}/keys").key_of(TITLE)


def test_a_file_of_another_user_beside_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    name = write(tmp_path / "keys", LINES, 0o440)
    if os.getuid() == 0:
        os.chown(name, 65534, 65534)
    assert "chmod 600" in error_of(file="$CREDENTIALS_DIRECTORY/keys")


def test_a_path_without_a_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert error_of(file=str(tmp_path / "pipe")) == "[keys] file is no regular file"
    (tmp_path / "directory").mkdir(mode=0o700)
    assert error_of(file=str(tmp_path / "directory")).startswith("[keys] file ")
    assert "No such file" in error_of(file=str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no key in it"),
        ("# only this", "has no key in it"),
        (f"\n{KEY.hex()}", "line 2: it must begin with a system title"),
        (f"{TITLE.hex()[:15]} {KEY.hex()}", "line 1: it must begin with a system title"),
        (TITLE.hex(), "line 1: one or two keys must follow"),
        (f"{TITLE.hex()} {KEY.hex()[:31]}", "line 1: one or two keys must follow"),
        (f"{TITLE.hex()} {KEY.hex()}g", "line 1: one or two keys must follow"),
        (f"* {KEY.hex()} {KEY.hex()} {KEY.hex()}", "line 1: one or two keys must follow"),
        (
            f"{LINES}{TITLE.hex().upper()} {EVERY_KEY.hex()}",
            "line 6: its meter stands on an earlier",
        ),
        (f"* {KEY.hex()}\n* {KEY.hex()}", "line 2: its meter stands on an earlier"),
        (b"\xff\xfe" + KEY, "is no text in UTF-8"),
        pytest.param("#\n" * 1_000_001, "has more than 1,000,000 lines", id="many lines"),
    ],
)
def test_the_message_names_the_fault_of_a_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    shown = error_of(file=write(tmp_path / "keys", text))
    assert shown.startswith(f"[keys] file {message}")


def test_a_second_line_is_for_a_key_that_changes(tmp_path: Path) -> None:
    text = f"{LINES}{TITLE.hex()} {OTHER_KEY.hex()}\n"
    keys = change(tmp_path, text)
    assert keys.all_of(TITLE) == (MeterKeys(KEY), MeterKeys(OTHER_KEY))
    assert keys.key_of(TITLE) == MeterKeys(KEY)
    assert keys.all_of(OTHER) == (MeterKeys(OTHER_KEY, AUTHENTICATION),)
    assert keys.all_of(NEITHER) == ()
    assert OTHER_KEY.hex() not in repr(keys)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{LINES}{TITLE.hex()} {KEY.hex()}", "line 6: its meter stands on an earlier line with"),
        (
            f"{LINES}{TITLE.hex()} {OTHER_KEY.hex()}\n{TITLE.hex()} {EVERY_KEY.hex()}",
            "line 7: its meter stands on two earlier lines: remove the oldest key",
        ),
        (f"* {KEY.hex()}\n* {OTHER_KEY.hex()}", "line 2: its meter stands on an earlier line, too"),
    ],
)
def test_the_message_names_the_fault_of_a_second_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        change(tmp_path, text)


def change(directory: Path, text: str) -> Keys:
    table = ConfigTable("keys", {"file": write(directory / "keys", text)})
    source = read_keys_source(table, may_change=True)
    return source.read_keys()


def test_the_file_of_a_reload_takes_the_place_of_the_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials, runtime = tmp_path / "credentials", tmp_path / "runtime"
    credentials.mkdir()
    runtime.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    write(credentials / "keys", f"{TITLE.hex()} {KEY.hex()}")
    source = read_keys_source(
        ConfigTable("keys", {"file": "$CREDENTIALS_DIRECTORY/keys"}), may_change=False
    )
    begun = source.signature()
    # An earlier unit has no such directory.
    assert source.read_keys().key_of(TITLE) == MeterKeys(KEY)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    assert source.read_keys().key_of(TITLE) == MeterKeys(KEY)
    assert source.signature() == begun
    newer = write(runtime / "keys", f"{TITLE.hex()} {OTHER_KEY.hex()}")
    assert source.read_keys().key_of(TITLE) == MeterKeys(OTHER_KEY)
    assert source.signature() != begun
    # The file is no credential of root's.
    Path(newer).chmod(0o440)
    with pytest.raises(ConfigError, match="chmod 600"):
        source.read_keys()


def test_the_published_key_is_warned_of_in_the_place_of_a_meters_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The other meters of the file are read all the same."""
    published = DEFAULT_AUTHENTICATION.hex()
    text = f"{TITLE.hex()} {KEY.hex()}\n{OTHER.hex()} {published}\n* {published.upper()}\n"
    keys = read(file=write(tmp_path / "keys", text))

    assert keys.key_of(TITLE) == MeterKeys(KEY, DEFAULT_AUTHENTICATION)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    said = record.getMessage()
    assert said.startswith("[keys] lines 2, 3: ")
    assert "authentication key" in said
    assert "encryption key" in said
    assert published not in said.lower()


def test_many_published_keys_are_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    published = DEFAULT_AUTHENTICATION.hex()
    text = "".join(f"{number:016x} {published}\n" for number in range(1000))
    read(command=["cat", write(tmp_path / "keys", text)])
    [said] = caplog.messages
    assert said.startswith("[keys] lines 1, 2, 3 and 997 more: ")


def test_a_file_too_large(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write(path, "")
    os.truncate(path, 64 * 1024 * 1024 + 1)
    assert error_of(file=str(path)) == "[keys] file has more than 64 MiB"


def test_commands_that_fail(capfd: pytest.CaptureFixture[str]) -> None:
    assert "cannot be run: No such file" in error_of(command=["/nowhere/at/all"])
    script = f"echo '{TITLE.hex()} {KEY.hex()}'; echo '{KEY.hex()}' >&2; exit 3"
    assert error_of(command=["sh", "-c", script]) == "[keys] command failed with status 3"
    assert error_of(command=["true"]) == "[keys] command has no key in it"
    assert KEY.hex() not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "script",
    [
        # A started process keeps the pipe open, also where it cannot be ended with the script.
        "sleep 60 & wait",
        "setsid sleep 60 & wait",
        "setsid sleep 60 &",
        "exec >&-; sleep 60",
    ],
)
def test_a_command_without_end_is_ended(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr("smarty_p1_gateway.key_source._COMMAND_TIMEOUT_S", 0.3)
    begun = time.monotonic()
    message = error_of(command=["sh", "-c", script])
    assert message == "[keys] command did not end within 0 seconds"
    assert time.monotonic() - begun < 50


def test_a_command_with_too_long_output_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smarty_p1_gateway.key_source.MAX_BYTES", 1024 * 1024)
    script = "while True: print('#' * 1000)"
    assert "more than 1 MiB" in error_of(command=[sys.executable, "-c", script])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"file": 1}, "[keys] file must be a text in quotes"),
        ({"command": "cat"}, "[keys] command must be a list"),
        ({"command": []}, "[keys] command must be a list of texts"),
        ({"command": [1]}, "[keys] command must be a list of texts"),
        ({"file": "a", "command": ["b"]}, "[keys] file and command are both there"),
        ({"key": KEY.hex()}, "[keys] key is not known"),
    ],
)
def test_the_message_names_the_fault_of_the_table(content: dict[str, object], message: str) -> None:
    assert error_of(**content).startswith(message)
