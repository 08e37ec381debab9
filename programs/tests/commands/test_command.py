"""The command line as a user runs it. Most cases start the program."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from dev.checkout import PYTHON_PATH
from dev.encoder import DEVICE_NAME, KEY, frame, stored_example, telegram
from dev.testing.private_texts import PRIVATE_TEXTS, line_with, private_parts, telegram_with
from dev.testing.table import rows
from tests.cli.conftest import Run
from tests.sending import sending

COMMAND = (sys.executable, "-m", "smarty_p1_cli")
FULL = stored_example("three_phase_gas_water_heat").data
PUBLISHED = "00112233445566778899AABBCCDDEEFF"
SECRET = "C0FFEE" * 6  # 36 digits: too many for a key; the last 32 are one


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": PYTHON_PATH, **variables}


def started(
    *arguments: str | Path, stdin: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=environment(**variables),
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with recorded bytes, a key and the configuration of a store; return it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frame.bin").write_bytes(FULL)
    # An editor may save a byte order mark, and a line about the meter may follow the key.
    key = f"\ufeff0x{KEY.hex(':')}\nin the cellar\n"
    (tmp_path / "key").write_text(key, "utf-8")
    (tmp_path / "published").write_text(PUBLISHED, "ascii")
    (tmp_path / "empty").touch()
    (tmp_path / "store.toml").write_text('[store]\nurl = "http://127.0.0.1:1"\n', "ascii")
    return tmp_path


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
        (("gateway", "--check"), GATEWAY + GIVES_PUBLISHED, 0, ["WARNING [keys] line 1: "]),
        (
            ("collect", "--check"),
            COLLECT + GIVES_PUBLISHED,
            0,
            ["WARNING [keys] line 1: ", "WARNING [store] VictoriaMetrics could not be asked"],
        ),
        # A fault that may be gone the next time has a status of its own.
        (("gateway",), GATEWAY + 'keys.command = ["false"]', 1, ["smarty-p1: {}: [keys] command "]),
        (("collect",), COLLECT + 'keys.command = ["false"]', 1, ["smarty-p1: {}: [keys] command "]),
    ],
)
def test_the_messages_of_a_service_about_its_configuration(
    arguments: tuple[str, ...], config: str, status: int, beginnings: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(config, "ascii")
    result = started(*arguments, "--config", file)
    assert (result.returncode, result.stdout) == (status, b"")
    told = result.stderr.decode().splitlines()
    for line, beginning in zip(told, beginnings, strict=True):
        assert line.startswith(beginning.format(file))
        assert PUBLISHED not in line
        assert "s3cret" not in line


def test_decode_prints_one_object_a_telegram_with_the_key_from_any_source(folder: Path) -> None:
    recorded, key = folder / "frame.bin", KEY.hex()
    result = started("decode", "--key", key, recorded)

    assert (result.returncode, result.stderr) == (0, b"")
    [line] = result.stdout.splitlines()
    found = json.loads(line)
    assert set(found) == {
        "identification", "serial_number", "time", "frame_counter", "objects", "channels",
    }  # fmt: skip
    assert found["objects"]["1-0:1.8.0"] == 25678.901
    assert (found["channels"]["2"]["value"], found["channels"]["2"]["unit"]) == (28.103, "m3")
    authentication = folder / "published"
    for other in (
        started("decode", "--key-file", folder / "key", recorded),
        started("decode", recorded, SMARTY_P1_KEY=key),
        started("decode", "--key-file", folder / "key", "-", stdin=FULL),
        started("decode", "--key", key, "--authentication-key", PUBLISHED, recorded),
        started("decode", "--key", key, "--authentication-key-file", authentication, recorded),
    ):
        assert (other.returncode, other.stdout, other.stderr) == (0, result.stdout, b"")


OTHER = stored_example("other_authentication_key")


@pytest.mark.parametrize(
    ("key", "stdin", "other_key", "status", "telegrams", "told"),
    [
        (PUBLISHED, FULL, None, 1, 0, b"the encryption key is the published"),
        (KEY.hex(), OTHER.data, None, 1, 0, b"rejected (authentication_key)"),
        (KEY.hex(), OTHER.data, OTHER.authentication_key, 0, 1, b""),
        (KEY.hex(), frame(5) + frame(5) + frame(6), None, 1, 2, b"rejected (replay)"),
        (KEY.hex(), b"nothing", None, 1, 0, b"no telegram in 7 bytes\n"),
        ("", stored_example("plain").data, None, 0, 1, b""),
    ],
    ids=str.split("published other_key both_keys replay nothing no_key"),
)
def test_decode_reports_unreadable_data(  # noqa: PLR0913, PLR0917
    key: str, stdin: bytes, other_key: bytes | None, status: int, telegrams: int, told: bytes
) -> None:
    variables = {"SMARTY_P1_AUTHENTICATION_KEY": other_key.hex()} if other_key else {}
    result = started("decode", "-", stdin=stdin, SMARTY_P1_KEY=key, **variables)
    assert (result.returncode, len(result.stdout.splitlines())) == (status, telegrams)
    assert result.stderr.startswith(told)
    assert bool(result.stderr) == bool(told)
    assert not key or key.encode() not in result.stderr


def test_standard_input_that_does_not_wait_is_named() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    result = subprocess.run(
        [*COMMAND, "decode", "-"],
        stdin=reading,
        capture_output=True,
        env=environment(),
        check=False,
    )
    os.close(reading)
    os.close(writing)
    assert result.returncode == 2
    assert (
        result.stderr
        == b"smarty-p1: cannot read the recorded bytes: standard input does not wait for them\n"
    )


@pytest.mark.parametrize(("encoding", "text"), [("utf-8", "é"), ("ascii", r"\u00e9")])
def test_decode_loses_no_letter(encoding: str, text: str) -> None:
    message = telegram("0-0:96.13.0(C3A9)")
    result = started("decode", "-", stdin=message, PYTHONIOENCODING=encoding)
    assert f'"0-0:96.13.0": "{text}"' in result.stdout.decode(encoding)


WORDS = {
    "READ": "fleet read --config store.toml",
    "FORGET": "fleet forget --config store.toml",
    "EXPORT": "fleet export SAG1 --config store.toml --csv file.csv",
    "SECRET": SECRET,
    "KEY": SECRET[4:],
    "MALFORMED": "is malformed: a key has 32 hexadecimal digits (0-9, A-F)\n",
    "MISSING": "No such file or directory\n",
    "UNRECOGNIZED": "unrecognized arguments; a key with blanks needs quotes\n",
    "FIRST": "the first argument must be decode, bill, classes, what-if, watch, gateway,"
    " collect or fleet\n",
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    rows("""
                               | required: COMMAND
decode                         | required: FILE
deco frame.bin                 | FIRST
--key SECRET decode frame.bin  | FIRST
decode --key SECRET frame.bin  | the encryption key MALFORMED
decode --key-file empty frame.bin | the encryption key MALFORMED
decode --authentication-key SECRET frame.bin | the authentication key MALFORMED
decode --key-file missing frame.bin | the key file: MISSING
decode --key-file SECRET frame.bin | the key file: MISSING
decode --key-file . frame.bin  | the key file: Is a directory
decode --key-file frame.bin frame.bin | the key file: it is no text
decode --keyfile=SECRET frame.bin | UNRECOGNIZED
decode --ke=SECRET frame.bin   | UNRECOGNIZED
decode --key C0FFEEC0 FFEEC0FFEEC0FFEEC0FFEEC0FFEE frame.bin | UNRECOGNIZED
decode KEY                     | cannot read a file whose name is a key: MISSING
decode a:SECRET@b              | cannot read the file: MISSING
decode missing                 | missing: MISSING
decode .                       | : Is a directory
gateway --config missing       | missing: cannot be read: MISSING
gateway --config missing --check=SECRET | --check takes no value
watch KEY                      | URL: it is a key, and not the address of a port
decode --redact KEY            | cannot read a file whose name is a key: MISSING
fleet                          | required: ACTION
fleet SECRET | after fleet, there must be init, check, month, exchange, forget, export, read or
fleet init missing             | ; `smarty-p1 fleet init --example` prints one
fleet init KEY                 | a file whose name is a key: cannot be read:
fleet forget SAG1              | required: --config
FORGET SAG1                    | [nats] servers is missing
FORGET ''                      | TITLE|SERIAL: it must not be empty
FORGET SAG1 --series ''        | --series: it must not be empty
READ --since 2026-01-01        | there must be either TITLE or --all
READ SECRET --since 2026-01-01 | 16 hexadecimal digits
READ --all                     | required: --since
READ --all --since noon        | a time is written like 2026-11-22T06:00
READ --all --since 2999-01-01  | that time is still to come
fleet export '' --config store.toml --csv file.csv | SERIAL: it must not be empty
EXPORT --from 2026-01-01       | there must be SERIAL, --config, --from and --to
EXPORT --from 1.1.26 --to x    | --from: it must be a day such as 2026-01-31
EXPORT --from 2026-01-02 --to 2026-01-02 | --to must come after --from, by 3,660 days at most
EXPORT --from 2016-01-01 --to 2026-01-02 --every day | --every must be quarter-hour or telegram
    """),
)
@pytest.mark.usefixtures("folder")
def test_a_mistake_is_named_and_a_key_is_not(run: Run, arguments: str, message: str) -> None:
    for word, meant in WORDS.items():
        arguments, message = arguments.replace(word, meant), message.replace(word, meant)
    status, output, errors = run(*shlex.split(arguments))
    assert (status, output) == (2, "")
    assert message in errors
    assert "Traceback" not in errors
    assert SECRET[8:] not in errors


def test_an_unreachable_store_of_a_fleet_has_its_own_status(folder: Path) -> None:
    login = f'url = "http://0.0.0.0:1"\nusername = "u"\npassword_file = "{folder}/key"\n'
    (folder / "store.toml").write_text(f"[store]\n{login}", "utf-8")
    result = started(*WORDS["EXPORT"].split(), "--from", "2026-01-01", "--to", "2026-01-02")
    assert (result.returncode, result.stdout) == (1, b"")
    warning, error = result.stderr.splitlines()
    assert warning.startswith(b"WARNING [store] the login goes over the network unencrypted")
    assert b"[store] VictoriaMetrics does not do it: " in error
    assert not (folder / "file.csv").exists()


def test_an_example_is_made_into_a_fleet(tmp_path: Path, run: Run) -> None:
    fleet, folder = tmp_path / "fleet.toml", tmp_path / "fleet"
    fleet.write_bytes(started("fleet", "init", "--example").stdout)
    refused = run("fleet", "init", f"{fleet}", "--to", f"{folder}")
    assert (refused.status, folder.exists()) == (2, False)
    assert "pages is missing" in refused.errors
    fleet.write_bytes(re.sub(rb"(?m)^# (pages|tickets)", rb"\1", fleet.read_bytes()))
    made = run("fleet", "init", f"{fleet}", "--to", f"{folder}")
    assert (made.status, made.errors) == (0, "")
    assert f"cd {folder} && ansible-playbook site.yml\n" in made.output
    assert (folder / "site.yml").exists()
    # Even root cannot make a folder in /proc.
    refused = run("fleet", "init", f"{fleet}", "--to", "/proc/fleet")
    assert (refused.status, refused.output) == (1, "")
    assert refused.errors == "smarty-p1: cannot write /proc/fleet: No such file or directory\n"


def test_the_reader_of_the_output_may_go(folder: Path) -> None:
    frames = b"".join(map(frame, range(2000)))
    with subprocess.Popen(
        [*COMMAND, "decode", "--key-file", folder / "key", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
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
def test_output_that_cannot_be_written(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*COMMAND, "decode", "--key", KEY.hex(), folder / "frame.bin"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == b"smarty-p1: cannot write: No space left on device\n"


def test_watch_writes_a_line_a_telegram_into_a_pipe(folder: Path) -> None:
    with (
        sending(FULL) as address,
        subprocess.Popen(
            [*COMMAND, "watch", address, "--key-file", folder / "key"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        ) as process,
    ):
        assert process.stdout
        assert process.stderr
        shown = b""
        for said in process.stdout:
            shown += said
            if b"reading" in shown:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert b"Traceback" not in process.stderr.read()

    [line] = [line for line in shown.splitlines() if b"SAG1030790002574" in line]
    assert b"25678.901 kWh" in line
    assert b"12.345 GJ" in line
    assert b"\x1b" not in shown
    assert KEY.hex().encode() not in shown.lower()


def test_watch_writes_few_lines_about_a_noisy_port(folder: Path) -> None:
    rejected = frame(1, key=bytes(16))
    with (
        sending(*[rejected] * 20, FULL) as address,
        subprocess.Popen(
            [*COMMAND, "watch", address, "--key-file", folder / "key"],
            stdout=subprocess.PIPE,
            env=environment(),
        ) as process,
    ):
        assert process.stdout
        shown = []
        for said in process.stdout:
            shown.append(said)
            if b"SAG1030790002574" in said:
                break
        process.terminate()
    assert b"SAG1030790002574" in shown[-1]
    # In these two seconds, the state is new with each part, and shown once a second.
    assert 2 <= len(shown) <= 5


def test_a_report_of_a_file_or_port_has_no_private_text(tmp_path: Path, run: Run) -> None:
    recorded = tmp_path / "8 Rue Haute"
    recorded.write_bytes(b"".join(line_with(text, 9 * n) for n, text in enumerate(PRIVATE_TEXTS)))
    key = ("--key", KEY.hex())
    told = run("decode", "--redact", *key, f"{recorded}")
    assert (told.status, told.errors) == (1, "")
    facts = json.loads(told.output)
    assert facts["bytes"] == recorded.stat().st_size
    assert len(facts["frames"]) == len(facts["refused"]) == 20
    assert facts["telegram"]["objects"]["1-0:1.8.0"] == 25678.901
    assert not private_parts(told.output)

    with sending(frame(5, telegram_with(DEVICE_NAME))) as port:
        told = run("decode", "--redact", *key, f"{port}")
    assert told.status == 0
    facts = json.loads(told.output)
    assert (facts["errors"], facts["telegram"]["meter"][:3]) == ([], "id-")
    assert facts["bursts"][-1]["seconds_ago"] >= 0
    assert not private_parts(told.output)

    told = run("decode", "--redact", *key, "127.0.0.1:1")
    assert (told.status, json.loads(told.output)["errors"]) == (1, ["port_unreachable"])
