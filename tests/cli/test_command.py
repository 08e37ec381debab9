"""The command line as a user runs it."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from dev.encoder import KEY, frame, literal, telegram
from tests.sending import sending

PROJECT = Path(__file__).parents[2]


def run(
    *arguments: str | Path, stdin: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "smarty_p1_cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **variables},
        check=False,
    )


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "frame.bin"
    path.write_bytes(literal("three_phase_gas_water_heat").data)
    return path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("0x" + KEY.hex(":") + "\n")
    return path


def test_the_gateway_says_what_is_wrong_in_its_configuration(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[mqtt]\npassword = "s3cret"\n[[port]]\naddress = "/dev/ttyUSB0"\n')
    result = run("gateway", "--config", config)
    assert (result.returncode, result.stdout) == (2, b"")
    assert (
        result.stderr.decode()
        == f"smarty-p1: {config}: [mqtt] host is missing: the name or address of the MQTT broker\n"
    )

    config.write_text('[mqtt]\nhost = "b"\n[[port]]\naddress = "/dev/ttyUSB0"\n')
    result = run("gateway", "--check", "--config", config)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("command", "broker"),
    [("gateway", 'mqtt.host = "broker"'), ("collect", 'nats.servers = ["nats://node"]')],
)
def test_a_check_warns_of_the_published_key(command: str, broker: str, tmp_path: Path) -> None:
    published = "00112233445566778899AABBCCDDEEFF"
    config = tmp_path / "config.toml"
    more = 'port = [{ address = "line" }]' if command == "gateway" else 'store.url = "http://store"'
    config.write_text(f'{broker}\n{more}\nkeys.command = ["echo", "* {published}"]\n')
    result = run(command, "--check", "--config", config)
    assert (result.returncode, result.stdout) == (0, b"")
    line, *others = result.stderr.decode().splitlines()
    assert [other.partition(" (")[0] for other in others] == (
        [] if command == "gateway" else ["WARNING [store] VictoriaMetrics could not be asked"]
    )
    assert line.startswith("WARNING [keys] line 1: ")
    assert published not in line


@pytest.mark.parametrize(
    ("command", "broker"),
    [("gateway", 'mqtt.host = "broker"'), ("collect", 'nats.servers = ["nats://node"]')],
)
def test_what_may_be_there_next_time_is_told_apart(
    command: str, broker: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    more = 'port = [{ address = "line" }]' if command == "gateway" else 'store.url = "http://store"'
    config.write_text(f'{broker}\n{more}\nkeys.command = ["false"]\n')
    result = run(command, "--config", config)
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.decode().startswith(f"smarty-p1: {config}: [keys] command ")


def test_decode_prints_one_object_a_telegram(recorded: Path) -> None:
    result = run("decode", "--key", KEY.hex(), recorded)

    assert (result.returncode, result.stderr) == (0, b"")
    [line] = result.stdout.splitlines()
    found = json.loads(line)
    assert set(found) == {
        "identification", "serial_number", "time", "frame_counter", "objects", "channels",
    }  # fmt: skip
    assert found["objects"]["1-0:1.8.0"] == 25678.901
    assert found["channels"]["2"] == {
        "type": "water",
        "serial_number": "WATE079000257402",
        "value": 28.103,
        "unit": "m3",
        "time": "2025-07-03T10:30:00+02:00",
        "valve": 0,
    }


def test_keys_need_not_be_on_the_command_line(recorded: Path, key_file: Path) -> None:
    by_option = run("decode", "--key", KEY.hex(), recorded)

    assert run("decode", "--key-file", key_file, recorded).stdout == by_option.stdout
    assert run("decode", recorded, SMARTY_P1_KEY=KEY.hex()).stdout == by_option.stdout
    data = recorded.read_bytes()
    assert run("decode", "--key-file", key_file, "-", stdin=data).stdout == by_option.stdout


def test_the_published_key_is_told_from_a_wrong_one(recorded: Path) -> None:
    published = "00112233445566778899AABBCCDDEEFF"
    result = run("decode", "--key", published, recorded)
    assert result.returncode == 1
    assert result.stderr.splitlines()[0].startswith(b"the encryption key is the published")
    assert published.encode() not in result.stderr

    result = run("decode", "--key", KEY.hex(), "--authentication-key", published, recorded)
    assert (result.returncode, result.stderr) == (0, b"")


def test_another_authentication_key(tmp_path: Path, key_file: Path) -> None:
    known = literal("other_authentication_key")
    assert known.authentication_key
    path = tmp_path / "frame.bin"
    path.write_bytes(known.data)

    result = run("decode", "--key-file", key_file, path)
    assert result.returncode == 1
    assert b"authentication key" in result.stderr

    text = known.authentication_key.hex()
    assert run("decode", "--key-file", key_file, "--authentication-key", text, path).returncode == 0
    result = run("decode", "--key-file", key_file, path, SMARTY_P1_AUTHENTICATION_KEY=text)
    assert result.returncode == 0


def test_a_rejection_is_a_line_and_a_status(key_file: Path) -> None:
    result = run("decode", "--key-file", key_file, "-", stdin=frame(5) + frame(5) + frame(6))

    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 2
    [line] = result.stderr.splitlines()
    assert line.startswith(b"rejected (replay)")


def test_no_telegram_is_a_failure(key_file: Path) -> None:
    result = run("decode", "--key-file", key_file, "-", stdin=b"nothing")

    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr == b"no telegram in 7 bytes\n"


def test_mistakes_are_named_and_keys_are_not(tmp_path: Path, recorded: Path) -> None:
    secret = "C0FFEE" * 6  # 36 digits: too many for a key; the last 32 are one
    for arguments in (
        ("decode", "--key", secret, recorded),
        ("decode", "--key-file", tmp_path / "missing", recorded),
        ("decode", "--key-file", secret, recorded),
        ("decode", f"--keyfile={secret}", recorded),
        ("decode", f"--ke={secret}", recorded),
        ("gateway", "--config", tmp_path / "missing", f"--check={secret}"),
        ("decode", secret[4:]),
        ("--key", secret, "decode", recorded),
        ("decode", "--key", secret[:8], secret[8:], recorded),
        ("decode", "--key-file", tmp_path, recorded),
        ("decode", tmp_path / "missing"),
        ("decode", tmp_path),
        ("decode",),
        (),
    ):
        result = run(*arguments)
        assert result.returncode == 2
        assert result.stderr
        assert b"Traceback" not in result.stderr
        assert secret[8:].encode() not in result.stderr


def test_whoever_reads_the_output_may_go(key_file: Path) -> None:
    frames = b"".join(map(frame, range(2000)))
    with subprocess.Popen(
        [sys.executable, "-m", "smarty_p1_cli", "decode", "--key-file", key_file, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        writing = threading.Thread(target=_write, args=(process.stdin, frames), daemon=True)
        writing.start()
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
        writing.join(30)


def _write(stream: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError), stream:
        stream.write(data)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_that_cannot_be_written(recorded: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "smarty_p1_cli", "decode", "--key", KEY.hex(), recorded],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            check=False,
        )

    assert result.returncode == 1
    assert result.stderr == b"smarty-p1: cannot write: No space left on device\n"


def test_output_that_takes_ascii_only() -> None:
    known = literal("message_last_counter")
    arguments = ("decode", "--key", KEY.hex(), "-")

    result = run(*arguments, stdin=known.data, PYTHONIOENCODING="ascii")

    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout)["objects"]["0-0:96.13.0"] == known.expect["message"]


def test_watch_obeys_nothing_that_a_meter_says() -> None:
    text = telegram("0-1:96.1.0(\x1b]0;pwn\x07)", "0-1:24.2.1(250703101500S)(1*\x1b[2Jm3)")
    shown = _watch(text, "--key", KEY.hex())

    assert b"\x1b]" not in shown
    assert b"\x1b[2J" not in shown


def _watch(text: bytes, *arguments: str) -> bytes:
    with (
        sending(frame(1, text)) as address,
        subprocess.Popen(
            [sys.executable, "-m", "smarty_p1_cli", "watch", address, *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        ) as process,
    ):
        assert process.stdout
        shown = b""
        while b"reading" not in shown:
            shown += process.stdout.readline()
        # It ends when nobody reads what it shows.
        process.stdout.close()
        process.send_signal(signal.SIGINT)
        process.wait()
    return shown


def test_watch_writes_a_line_a_telegram_into_a_pipe(key_file: Path) -> None:
    with (
        sending(literal("three_phase_gas_water_heat").data) as address,
        subprocess.Popen(
            [sys.executable, "-m", "smarty_p1_cli", "watch", address, "--key-file", key_file],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        ) as process,
    ):
        assert process.stdout
        assert process.stderr
        shown = b""
        while b"reading" not in shown:
            shown += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.wait()
        assert b"Traceback" not in process.stderr.read()

    assert b"SAG1030790002574" in shown
    assert b"25678.901 kWh" in shown
    assert b"12.345 GJ" in shown
    assert len([line for line in shown.splitlines() if b"SAG1030790002574" in line]) == 1
    assert b"\x1b" not in shown
    assert KEY.hex().encode() not in shown.lower()


def capture_of(
    data: bytes, key_file: Path, *arguments: str | Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    with sending(data) as port:
        return run(
            *("capture", port, "--key-file", key_file, "--minutes", "0.05", *arguments), stdin=stdin
        )


def test_a_capture_is_shown_and_asked_about_before_it_is_written(
    tmp_path: Path, key_file: Path
) -> None:
    data = literal("three_phase_gas_water_heat").data
    file = tmp_path / "capture.jsonl"
    result = capture_of(data, key_file, "--anonymous", file, stdin=b"n\n")
    shown = result.stdout.decode()
    assert (result.returncode, result.stderr) == (1, b"")
    # 2.345 kW, times a third to 0.9.
    assert 0.781 <= float(shown.partition("1-0:1.7.0(")[2][:6]) <= 2.111
    assert "025678.901" not in shown
    assert "The weekday, the time of day and the voltages are true." in shown
    assert shown.endswith("Write the file? [y/N] nothing is written\n")
    assert not file.exists()

    result = capture_of(data, key_file, "--anonymous", file, stdin=b"y\n")
    assert result.returncode == 0
    head, *chunks = map(json.loads, file.read_text(encoding="ascii").splitlines())
    assert head == {"format": "smarty-p1 capture", "version": 1, "key": "smarty-p1 public"}
    assert sum(len(base64.b64decode(each)) for _, each in chunks) == len(data)

    result = run("capture", "127.0.0.1:1", "--anonymous", file)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == f"smarty-p1: {file} is there already\n"

    nowhere = tmp_path / "missing" / "capture.jsonl"
    result = run("capture", "127.0.0.1:1", "--anonymous", nowhere)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == f"smarty-p1: {nowhere} is in no folder that is there\n"


@pytest.mark.parametrize("options", [(), ("--keep-message-forms",)])
def test_a_capture_keeps_the_form_of_messages_if_wanted(
    tmp_path: Path, key_file: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "capture.jsonl"
    data = frame(1, telegram("0-0:96.13.0(4d7573746572203132)"))
    result = capture_of(data, key_file, "--anonymous", file, "--yes", *options)
    assert result.returncode == 0
    [read] = [json.loads(line) for line in run("decode", file).stdout.splitlines()]
    message = read["objects"]["0-0:96.13.0"]
    assert message != "Muster 12"
    assert (re.fullmatch(r"[A-Z][a-z]{5} [0-9]{2}", message) is not None) is bool(options)


def test_a_capture_without_a_telegram_is_not_written(tmp_path: Path, key_file: Path) -> None:
    file = tmp_path / "capture.jsonl"
    data = frame(1, key=bytes(16))
    result = capture_of(data, key_file, "--anonymous", file, "--yes")
    assert result.returncode == 1
    assert result.stderr.decode() == f"no telegram in {len(data)} bytes: nothing is written\n"
    assert not file.exists()


def test_a_capture_is_decoded_without_a_key(tmp_path: Path, key_file: Path) -> None:
    capture = PROJECT / "tests" / "captures" / "simulator.jsonl"
    result = run("decode", "--key-file", key_file, capture)
    assert (result.returncode, result.stderr) == (0, b"")
    telegrams = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(telegrams) == len({each["time"] for each in telegrams}) > 1
    assert run("decode", "-", stdin=capture.read_bytes()).stdout == result.stdout

    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(capture.read_bytes() + b"[0]\n")
    result = run("decode", changed)
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"not an anonymous capture" in result.stderr
