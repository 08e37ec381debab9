"""The command line as a user runs it."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from dev.encoder import KEY, frame, literal
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


PUBLISHED = "00112233445566778899AABBCCDDEEFF"
GATEWAY = 'mqtt.host = "broker"\nport = [{ address = "line" }]\n'
COLLECT = 'nats.servers = ["nats://node"]\nstore.url = "http://store"\n'
GIVES_PUBLISHED = f'keys.command = ["echo", "* {PUBLISHED}"]'


@pytest.mark.parametrize(
    ("arguments", "config", "status", "beginnings"),
    [
        (
            ("gateway",),
            'mqtt.password = "s3cret"\nport = [{ address = "line" }]',
            2,
            ["smarty-p1: {}: [mqtt] host is missing: the name or address of the MQTT broker"],
        ),
        (("gateway", "--check"), GATEWAY, 0, []),
        (("gateway", "--check"), GATEWAY + GIVES_PUBLISHED, 0, ["WARNING [keys] line 1: "]),
        (
            ("collect", "--check"),
            COLLECT + GIVES_PUBLISHED,
            0,
            ["WARNING [keys] line 1: ", "WARNING [store] VictoriaMetrics could not be asked"],
        ),
        # What may be there next time is told apart.
        (("gateway",), GATEWAY + 'keys.command = ["false"]', 1, ["smarty-p1: {}: [keys] command "]),
        (("collect",), COLLECT + 'keys.command = ["false"]', 1, ["smarty-p1: {}: [keys] command "]),
    ],
)
def test_what_a_service_says_of_its_configuration(
    arguments: tuple[str, ...], config: str, status: int, beginnings: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(config, encoding="ascii")
    result = run(*arguments, "--config", file)
    assert (result.returncode, result.stdout) == (status, b"")
    told = result.stderr.decode().splitlines()
    for line, beginning in zip(told, beginnings, strict=True):
        assert line.startswith(beginning.format(file))
        assert PUBLISHED not in line
        assert "s3cret" not in line


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
    result = run("decode", "--key", PUBLISHED, recorded)
    assert result.returncode == 1
    assert result.stderr.splitlines()[0].startswith(b"the encryption key is the published")
    assert PUBLISHED.encode() not in result.stderr

    result = run("decode", "--key", KEY.hex(), "--authentication-key", PUBLISHED, recorded)
    assert (result.returncode, result.stderr) == (0, b"")


def test_another_authentication_key(key_file: Path) -> None:
    known = literal("other_authentication_key")
    assert known.authentication_key
    variable = {"SMARTY_P1_AUTHENTICATION_KEY": known.authentication_key.hex()}
    decode = ("decode", "--key-file", key_file, "-")
    result = run(*decode, stdin=known.data)
    assert result.returncode == 1
    assert b"authentication key" in result.stderr
    assert run(*decode, stdin=known.data, **variable).returncode == 0


def test_a_rejection_is_a_line_and_a_status(key_file: Path) -> None:
    result = run("decode", "--key-file", key_file, "-", stdin=frame(5) + frame(5) + frame(6))

    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 2
    [line] = result.stderr.splitlines()
    assert line.startswith(b"rejected (replay)")

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
