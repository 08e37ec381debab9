"""The action that records a meter, and the repair that shows the record."""

import base64
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1.coordinator import meter_capture
from custom_components.smarty_p1.coordinator.repair_issues import raise_issue
from custom_components.smarty_p1.lib.problem import Problem
from dev.encoder import TITLE
from dev.simulator.frame import AUTHENTICATION_KEY
from smartyp1.capture.anonymiser import Chunk
from smartyp1.capture.capture_file import read_capture
from smartyp1.json_types import JsonDict
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram
from tests.json_copy import through_json

from .boards import pulse_entry
from .dialogs import choose, is_created, is_done, open_repair
from .meter import KEY, OTHER_KEY, SERIAL, MeterPort, encipher, seal, with_value
from .support import (
    OF_TELEGRAM,
    TELEGRAM,
    Home,
    at,
    call,
    let_pass,
    let_pass_until,
    links,
    receive,
    set_up_entry,
    unload_entry,
    wait_until,
)
from .topic import Clock, set_up_at_topic, tell

pytestmark = pytest.mark.usefixtures("folder")

OTHER_TITLE = b"ITRxy\x01\x02\x2f"
MESSAGE = f"Le compteur {SERIAL} de M. Muster, le 250703103000S"
ODD = with_value(TELEGRAM, "0-0:96.13.0", f"({MESSAGE.encode().hex()})")
ODD = with_value(ODD, "0-0:96.13.1", "(```)")
SECRETS = (
    *(SERIAL, "GAS 0790002574", "253694471", "Muster", "250703103", "250703104"),
    *("025678.901", "25678.9", "00678.901", "00028.103", "00012.345", "00099)"),
)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let captures be written into a folder of the test's own."""
    path = tmp_path / "smarty_p1"
    monkeypatch.setattr(meter_capture, "FOLDER", str(path))
    return path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def read(path: str | Path) -> tuple[Sequence[Chunk], bytes | None]:
    return read_capture(Path(path).read_text("ascii"))


def touch(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.touch()


class House(Home):
    """A meter in Home Assistant, and the record of it."""

    async def call(self, step: str, **data: Any) -> JsonDict:  # noqa: ANN401 - JSON
        """Call the action; return its answer as the frontend gets it."""
        answer = await call(self.hass, "capture", step=step, **data)
        content: JsonDict = through_json(answer)
        return content

    async def refuses(self, step: str, why: str) -> None:
        with pytest.raises(ServiceValidationError, match=why):
            await self.call(step)

    @property
    def repair(self) -> str:
        """Return the identifier of the repair of a capture, empty while it is not raised."""
        issue = self.issue("capture_ended")
        return issue.issue_id if issue else ""

    @property
    def recording(self) -> Any:  # noqa: ANN401 - an inner part
        return self.entry.runtime_data.source.capture.recording

    async def record(self, *data: bytes, **options: bool) -> int:
        """Record a minute in which this comes, and then a telegram; return how many bytes came."""
        await self.call("start", minutes=1, **options)
        last = self.port.next_frame(ODD)
        size = sum(map(len, data)) + len(last)
        await self.port.send(*data)
        await self.port.send(last)
        await wait_until(self.hass, lambda: self.recording.size == size)
        # The meter is still read, by its only connection.
        assert (self.port.clients, links(self.hass)) == (1, 1)
        assert self.entry.runtime_data.latest.telegram.objects["0-0:96.13.0"] == MESSAGE
        await self.end()
        return size

    async def end(self) -> None:
        await let_pass(self.hass, 60)
        await wait_until(self.hass, lambda: bool(self.repair))

    async def resume(self) -> None:
        """Let readings come again: a minute that passes at once counts as silence."""
        self.port.greeting = self.port.next_frame(TELEGRAM)
        coordinator = self.entry.runtime_data
        await let_pass_until(self.hass, 2, lambda: bool(coordinator.last_update_success))
        self.port.greeting = b""


@pytest.fixture
async def house(home: Home) -> House:
    house = House(home.hass, home.port, home.make_entry)
    await house.set_up()
    return house


@pytest.fixture
async def recorded(house: House) -> House:
    """Return a house with a recorded minute."""
    await house.record()
    return house


def forms(secret: str) -> Iterator[bytes]:
    for each in {secret, secret.replace(".", "")}:
        yield each.upper().encode()
        yield each.encode().hex().upper().encode()


def survivors(*texts: str | bytes) -> list[bytes]:
    """Return the true data of the meter that are in these texts, also in hexadecimal."""
    everything = [text.encode() if isinstance(text, str) else text for text in texts]
    everything += [
        bytes.fromhex(octets.decode())
        for text in texts
        for octets in re.findall(
            rb"\(((?:[0-9A-Fa-f]{2})+)\)", text if isinstance(text, bytes) else text.encode()
        )
    ]
    secrets = {form for secret in SECRETS for form in forms(secret)}
    for raw in (bytes.fromhex(KEY), bytes.fromhex(OTHER_KEY), TITLE, OTHER_TITLE):
        secrets |= {raw.upper(), raw.hex().upper().encode(), raw.hex(" ").upper().encode()}
        secrets.add(base64.b64encode(raw).upper().rstrip(b"="))
    return [form for form in secrets if any(form in each.upper() for each in everything)]


async def test_a_capture_goes_the_whole_way(
    house: House, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.smarty_p1")
    size = await house.record(
        house.port.next_frame(at("10:30:00", 25678.901))[100:],
        house.port.next_frame(at("10:30:10", 25678.901)),
        b"\0\r\n\xff" + SERIAL.encode(),
        encipher(ODD, 7, key=OTHER_KEY, system_title=OTHER_TITLE),
        seal(ODD),
        house.port.next_frame(at("10:40:20", 25679.151, 1.5)),
    )
    shown = await house.call("show")
    assert files(folder) == []
    menu = await open_repair(house.hass, house.repair)
    written = await house.call("write")

    assert shown["state"] == "ready"
    assert shown["telegrams"] == 4
    assert shown["size"] == size
    assert shown["is_encrypted"]
    assert shown["last_telegram"][0].startswith("/Lux5\\")
    assert "1-0:1.7.0" in shown["objects"]["scaled"]
    assert "1-0:31.7.0" in shown["objects"]["changed"]
    assert shown["replaced"]["titles_and_frame_counters"] == 3
    assert written == {**shown, "state": "written", "path": str(folder / "capture-1.jsonl")}
    assert not house.repair
    assert await house.call("show") == {"state": "none"}

    text = (folder / "capture-1.jsonl").read_text("ascii")
    chunks, key = read_capture(text)
    line = b"".join(data for _, data in chunks)
    assert len(line) == size
    events = Decoder(key).feed(line)
    telegrams = [event for event in events if isinstance(event, Telegram)]
    reasons = {event.reason for event in events if isinstance(event, Rejection)}
    assert reasons == {Reason.TAG, Reason.DOWNGRADE}

    log = "\n".join(
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if "capture" in record.getMessage().lower()
    )
    dialog = str({name: value for name, value in menu.items() if name != "handler"})
    texts = [telegram.text for telegram in telegrams]
    everything = (str(shown), str(written), text, line, log, dialog, *texts)
    # The entry is named by its title, which the user has chosen.
    assert survivors(*(each for each in everything if isinstance(each, bytes))) == []
    assert (
        survivors(
            *(each.replace(house.entry.title, "") for each in everything if isinstance(each, str))
        )
        == []
    )


@pytest.mark.parametrize("option", [{}, {"keep_message_forms": True}])
async def test_messages_are_replaced_whole_unless_wanted_otherwise(
    house: House, option: dict[str, bool]
) -> None:
    await house.record(**option)
    await house.call("show")
    chunks, key = read((await house.call("write"))["path"])
    [telegram] = Decoder(key).feed(b"".join(data for _, data in chunks))

    assert isinstance(telegram, Telegram)
    lengths = [len(word) for word in MESSAGE.split()]
    words = str(telegram.objects["0-0:96.13.0"]).split()
    assert ([len(word) for word in words] == lengths) is bool(option)


async def test_a_capture_takes_a_while_and_runs_alone(house: House, folder: Path) -> None:
    assert await house.call("show") == {"state": "none"}
    assert await house.call("discard") == {"state": "none"}
    await house.refuses("write", "no capture")
    started = await house.call("start")
    assert started == {"state": "recording", "minutes_left": 60, "size": 0}
    for step in ("start", "write"):
        await house.refuses(step, "being recorded")
    assert await house.call("discard") == {"state": "none"}

    await house.record()
    await house.refuses("start", "is not saved yet")
    assert await house.call("discard") == {"state": "none"}
    assert not house.repair
    await house.resume()
    await house.record()
    touch(folder / "capture-1.jsonl")
    await house.refuses("write", "before you save them")
    assert (await house.call("show"))["state"] == "ready"
    assert (await house.call("write"))["path"] == str(folder / "capture-2.jsonl")
    assert files(folder) == ["capture-1.jsonl", "capture-2.jsonl"]


async def test_a_capture_lasts_as_long_as_wanted_and_takes_no_later_telegram(house: House) -> None:
    await house.call("start", minutes=30)
    recording = house.recording
    await receive(house.hass, house.port, ODD)
    size = recording.size
    assert size > 0
    await let_pass(house.hass, 1790)
    assert house.recording is recording
    await house.refuses("start", "being recorded")
    await let_pass(house.hass, 1800)
    await wait_until(house.hass, lambda: bool(house.repair))
    await house.resume()
    await receive(house.hass, house.port, ODD)
    assert recording.size == size

    await house.call("discard")
    await let_pass(house.hass, 61)
    await house.refuses("start", r"nothing is received|cannot be read")
    assert await house.call("show") == {"state": "none"}


async def test_a_board_sends_no_telegrams(hass: HomeAssistant, port: MeterPort) -> None:
    port.greeting = b"1\r\n"
    entry = pulse_entry(hass, port=port.url)
    assert await set_up_entry(hass, entry)
    with pytest.raises(ServiceValidationError, match="sends no telegrams"):
        await call(hass, "capture", step="start", config_entry=entry.entry_id)


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_meter_at_a_topic(
    home: Home, mqtt_mock: MqttMockHAClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, OF_TELEGRAM)
    house = House(home.hass, home.port, home.make_entry)
    await set_up_at_topic(house, mqtt_mock)
    await house.call("start", minutes=1)
    frame = house.port.next_frame(ODD)
    await tell(house.hass, frame)
    await house.end()

    shown = await house.call("show")
    assert (shown["telegrams"], shown["chunks"], shown["size"]) == (1, 1, len(frame))


async def test_a_frame_that_no_key_decrypts_is_not_written(house: House, folder: Path) -> None:
    await house.call("start", minutes=1)
    foreign = encipher(ODD, 7, key=OTHER_KEY)
    await house.port.send(foreign)
    capture = house.entry.runtime_data.source.capture
    await wait_until(house.hass, lambda: capture.recording.size == len(foreign))
    await house.end()
    shown = await house.call("show")
    assert (shown["telegrams"], shown["last_telegram"]) == (0, [])
    await house.refuses("write", "has no verified telegram")

    result = await open_repair(house.hass, house.repair)
    assert is_done(result, "capture_empty")
    assert not house.repair
    assert await house.call("show") == {"state": "none"}
    assert files(folder) == []


async def test_the_repair_shows_the_capture_and_writes_it(recorded: House, folder: Path) -> None:
    menu = await open_repair(recorded.hass, recorded.repair)
    shown = menu["description_placeholders"]
    assert shown
    assert (menu["menu_options"], shown["telegrams"]) == (["write", "discard"], "1")
    assert "1-0:1.7.0(" in shown["telegram"]
    assert survivors(shown["telegram"]) == []
    # No text of the meter ends the block of code.
    assert shown["telegram"].count("`") == 6

    touch(folder)  # where the folder is to be
    for failed in (menu, await open_repair(recorded.hass, recorded.repair)):
        result = await choose(recorded.hass, failed, "write")
        assert result["reason"] == "capture_not_written"
        assert result["description_placeholders"] == {"path": str(folder), "error": "File exists"}
        await recorded.refuses("write", r"cannot be written into .*: File exists")
    # The record is still there, for the time when there is room.
    folder.unlink()  # noqa: ASYNC240
    done = await choose(recorded.hass, await open_repair(recorded.hass, recorded.repair), "write")
    assert is_done(done, "capture_written")
    path = folder / "capture-1.jsonl"
    assert done["description_placeholders"] == {"path": str(path)}
    assert read(path)
    assert not recorded.repair


async def test_the_repair_discards_the_capture(recorded: House, folder: Path) -> None:
    menu, late, later = [await open_repair(recorded.hass, recorded.repair) for _ in range(3)]
    done = await choose(recorded.hass, menu, "discard")
    assert is_created(done)
    assert await recorded.call("show") == {"state": "none"}
    assert (await choose(recorded.hass, late, "write"))["reason"] == "capture_gone"
    assert files(folder) == []
    raise_issue(recorded.hass, recorded.entry, Problem.CAPTURE)  # with nothing behind it
    assert (await open_repair(recorded.hass, recorded.repair))["reason"] == "capture_gone"
    await unload_entry(recorded.hass, recorded.entry)
    assert (await choose(recorded.hass, later, "write"))["reason"] == "capture_gone"


async def test_a_capture_ends_with_the_entry(recorded: House) -> None:
    await recorded.again()
    assert not recorded.repair
    assert await recorded.call("show") == {"state": "none"}

    await recorded.call("start")
    recorder = recorded.entry.runtime_data.source.capture
    await unload_entry(recorded.hass, recorded.entry)
    assert recorder.recording is None
    await let_pass(recorded.hass, 3600)
    assert not recorded.repair


async def test_an_unread_capture_is_forgotten(recorded: House) -> None:
    await let_pass(recorded.hass, 24 * 3600 - 10)
    assert recorded.repair
    await let_pass(recorded.hass, 24 * 3600 + 1)
    assert not recorded.repair
    assert await recorded.call("show") == {"state": "none"}


async def test_a_folder_has_room_for_99(recorded: House, folder: Path) -> None:
    await recorded.call("show")
    for number in range(1, 99):
        touch(folder / f"capture-{number}.jsonl")
    assert (await recorded.call("write"))["path"] == str(folder / "capture-99.jsonl")
    await recorded.resume()
    await recorded.record()
    await recorded.call("show")
    await recorded.refuses("write", "File exists")


async def test_the_log_of_a_failed_anonymisation_has_no_true_text(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mistake = Mock(side_effect=ValueError(f"invalid: {MESSAGE!r}"))
    monkeypatch.setattr(meter_capture, "anonymise", mistake)
    await house.call("start", minutes=1)
    await receive(house.hass, house.port, ODD)
    await let_pass(house.hass, 60)
    await wait_until(house.hass, lambda: not house.entry.runtime_data.source.capture.is_running)

    assert await house.call("show") == {"state": "none"}
    # With pytest's -v, Home Assistant logs each state, too.
    own = [record for record in caplog.records if record.name.startswith("custom_components")]
    log = "\n".join(map(caplog.handler.format, own))
    assert "could not be made anonymous, and is discarded: ValueError" in log
    assert MESSAGE not in log
    assert AUTHENTICATION_KEY.hex() not in log


async def test_half_a_file_is_none(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.record()
    await house.call("show")
    opened = Path.open

    def open_on_full_disk(path: Path, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        stream = opened(path, *arguments, **options)
        if path.parent == folder:
            stream.write("[")
            stream.write = Mock(side_effect=OSError(28, "No space left on device"))
        return stream

    with monkeypatch.context() as disk:
        disk.setattr(Path, "open", open_on_full_disk)
        await house.refuses("write", "No space left")
    assert files(folder) == []


async def test_there_is_room_for_2_mib_and_50000_chunks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chunk, count in ((bytes(2 * 1024 * 1024), 1), (b"", 50_000)):
        await house.call("start")
        for _ in range(count):
            house.recording.add_chunk(0.0, chunk)
        assert not house.recording.is_full
        house.recording.add_chunk(0.0, b"x")
        assert house.recording.is_full
        await house.call("discard")

    # The recording ends at its size limit, before its time is over.
    first, second = house.port.next_frame(ODD), house.port.next_frame(ODD)
    monkeypatch.setattr(meter_capture, "MAX_BYTES", len(first))
    await house.call("start")
    recording = house.recording
    await house.port.send(first)
    await wait_until(house.hass, lambda: recording.size == len(first))
    await house.port.send(second)
    await wait_until(house.hass, lambda: bool(house.repair))
    shown = await house.call("show")
    assert (shown["telegrams"], shown["size"]) == (1, len(first))
