"""The keys of a collector, read again."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from dev.encoder import KEY, TITLE
from smarty_p1_fleet.keys_watch import KeysWatch
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_gateway import Keys, KeysSource
from tests.fleet.made_up import until, value, working

OTHER = b"SAGgp\x04\x10\x2f"
LINE = f"{TITLE.hex()} {KEY.hex()}\n"
LINES = f"{LINE}{OTHER.hex()} {KEY.hex()}\n"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, "ascii")
    new.chmod(mode)
    new.replace(path)


def remove(path: Path) -> None:
    path.unlink()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "keys", LINE)
    return tmp_path / "keys"


@pytest.fixture
async def told(
    file: Path, metrics: CollectorMetrics, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Keys]]:
    """Return the reported keys, in a list that grows."""
    monkeypatch.setattr("smarty_p1_fleet.keys_watch._INTERVAL_S", 0.01)
    source = KeysSource(file, (), may_change=True)
    found: list[Keys] = []
    watch = KeysWatch(source, source.signature(), source.read_keys(), metrics)
    async with working(watch.run(found.append)):
        yield found


async def test_a_file_that_has_changed_is_read_once(
    file: Path, told: list[Keys], metrics: CollectorMetrics
) -> None:
    assert value(metrics, "keys") == 1
    write(file, LINES)
    await until(lambda: len(told) == 1)
    assert told[0].key_of(OTHER) is not None
    assert value(metrics, "keys") == 2
    write(file, LINE)
    await until(lambda: len(told) == 2)
    assert told[1].key_of(OTHER) is None
    assert value(metrics, "key_reads_total") == 2


class GrowingFile:
    """A source whose file is being written."""

    def __init__(self) -> None:
        self.sizes = [1, 2, 3, 3, 3]
        self.read_at: list[int] = []

    def signature(self) -> tuple[object, ...]:
        return (self.sizes.pop(0) if len(self.sizes) > 1 else 3,)

    def read_keys(self) -> Keys:
        self.read_at.append(len(self.sizes))
        return Keys({TITLE: KEY}, None)


async def test_a_file_that_is_being_written_is_not_read_yet(
    metrics: CollectorMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.keys_watch._INTERVAL_S", 0.001)
    source, found = GrowingFile(), list[Keys]()
    watch = KeysWatch(cast("KeysSource", source), source.signature(), Keys({}, None), metrics)
    async with working(watch.run(found.append)):
        await until(lambda: len(found) == 1)
    # The file was seen twice with its last size.
    assert source.read_at == [1]


class HangingFile(GrowingFile):
    """A source on a network disk that does not answer for a second, unless it is back before."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.is_back = threading.Event(), threading.Event()
        self.answered: list[bool] = []

    def signature(self) -> tuple[object, ...]:
        self.is_asked.set()
        self.answered.append(self.is_back.wait(1))
        return super().signature()


async def test_while_a_file_hangs_everything_else_goes_on(
    metrics: CollectorMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.keys_watch._INTERVAL_S", 0.001)
    source, found = HangingFile(), list[Keys]()
    watch = KeysWatch(cast("KeysSource", source), None, Keys({}, None), metrics)
    async with working(watch.run(found.append)):
        await until(source.is_asked.is_set)
        source.is_back.set()
        await until(lambda: len(found) == 1)
    assert all(source.answered)


async def test_a_broken_file_is_logged_and_changes_nothing(
    file: Path, told: list[Keys], metrics: CollectorMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    write(file, f"{LINE}{OTHER.hex()} {KEY.hex()[:-1]}\n")
    await until(lambda: value(metrics, "failed_key_reads_total") == 1)
    assert value(metrics, "keys_unreadable") == 1
    [text] = caplog.messages
    assert text.endswith(
        "stay in use: [keys] file line 2: one or two keys must follow, 32 hexadecimal digits each"
    )
    assert KEY.hex()[:-1] not in caplog.text.lower()
    assert value(metrics, "keys") == 1
    # The file is gone for a moment.
    remove(file)
    write(file, LINES)
    await until(lambda: len(told) == 1)
    assert value(metrics, "keys_unreadable") == 0


async def test_a_file_is_read_when_it_has_the_mode_that_was_asked_for(
    file: Path, told: list[Keys], caplog: pytest.LogCaptureFixture
) -> None:
    write(file, LINE, 0o644)
    await until(lambda: "chmod 600 it" in caplog.text)
    write(file, LINE)
    await until(lambda: len(told) == 1)


async def test_a_command_runs_on_request(
    tmp_path: Path, metrics: CollectorMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.keys_watch._INTERVAL_S", 0.01)
    write(tmp_path / "keys", LINE)
    source = KeysSource(None, ("cat", str(tmp_path / "keys")), may_change=True)
    watch = KeysWatch(source, source.signature(), source.read_keys(), metrics)
    found: list[Keys] = []
    async with working(watch.run(found.append)):
        write(tmp_path / "keys", LINES)
        watch.want()
        await until(lambda: len(found) == 1)
        assert watch.keys.key_of(OTHER) is not None
        # The command may depend on a program that is away.
        remove(tmp_path / "keys")
        watch.want()
        await until(lambda: value(metrics, "failed_key_reads_total") == 1)
        assert watch.keys.key_of(OTHER) is not None
