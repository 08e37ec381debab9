"""Anonymous capture of a meter, recorded beside the reading and kept until a decision.

Received bytes stay in memory and only while recording. Then only the anonymous text is kept. All of
it is gone when the entry is unloaded.
"""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import DOMAIN, LOGGER
from ..lib.capture import Chunk, Recording, Summary, anonymise, summarise, write_capture
from ..lib.p1 import FrameDecryptor
from .collector_pause import without_collection
from .entry_types import AnyConfigEntry
from .repair_issues import Problem, raise_issue, withdraw_issues

# Folder in Home Assistant's configuration.
FOLDER = DOMAIN
MAX_CAPTURE_MINUTES = 60
# An hour with a telegram every ten seconds has 0.6 MB. With one a second, substitution would take
# 200 MB of memory.
MAX_BYTES = 2 * 1024 * 1024
MAX_CAPTURE_CHUNKS = 50_000
# A capture recorded in the morning can still be decided on in the evening.
KEPT_SECONDS = 24 * 3600.0
MAX_CAPTURE_FILES = 99

type ByteListener = Callable[[bytes], None]


class CaptureRefusal(StrEnum):
    """Reason why a capture was not started or written; also the translation key."""

    RUNNING = "capture_running"
    """A capture is being recorded or made anonymous."""
    WAITING = "capture_waiting"
    """A capture waits for a decision."""
    MISSING = "capture_missing"
    """There is no capture."""
    UNSEEN = "capture_unseen"
    """Nobody has looked at the capture."""
    EMPTY = "capture_empty"
    """The capture has no verified telegram."""


class CaptureRefusedError(Exception):
    """Error: the request does not fit the state of the capture."""

    def __init__(self, reason: CaptureRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


class Ready(NamedTuple):
    """Finished capture that waits for a decision."""

    summary: Summary
    text: str
    """Text of its file."""


class MeterCapture:
    """Capture of a meter: none, recording, or `ready`."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AnyConfigEntry,
        listen: Callable[[ByteListener], CALLBACK_TYPE],
        decryptor: Callable[[], FrameDecryptor | None],
    ) -> None:
        """Record the bytes of `listen`; `decryptor` returns the decryptor of the frames."""
        self.folder = Path(hass.config.path(FOLDER))
        self.recording: Recording | None = None
        self.ready: Ready | None = None
        self._hass = hass
        self._entry = entry
        self._listen = listen
        self._decryptor = decryptor
        self._end = 0.0
        self._keeps_message_forms = False
        self._stop_listening: CALLBACK_TYPE | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._is_preparing = False
        self._preparation: asyncio.Task[None] | None = None
        self._seen: Ready | None = None
        self._writing = asyncio.Lock()

    @property
    def is_running(self) -> bool:
        """Return whether a capture is being recorded or made anonymous."""
        return self.recording is not None or self._is_preparing

    @property
    def minutes_left(self) -> int:
        """Return the remaining minutes of the recording."""
        return max(0, math.ceil((self._end - self._hass.loop.time()) / 60))

    def check_free(self) -> None:
        """Raise CaptureRefusedError when there is a capture already."""
        if self.is_running:
            raise CaptureRefusedError(CaptureRefusal.RUNNING)
        if self.ready:
            raise CaptureRefusedError(CaptureRefusal.WAITING)

    @callback
    def start(self, minutes: float, *, keeps_message_forms: bool = False) -> None:
        """Start recording. Raises CaptureRefusedError when there is a capture already."""
        self.check_free()
        self._keeps_message_forms = keeps_message_forms
        recording = self.recording = Recording(MAX_BYTES, MAX_CAPTURE_CHUNKS)
        self._end = self._hass.loop.time() + minutes * 60
        self._stop_listening = self._listen(partial(self._on_data, recording))
        self._call_later(minutes * 60, self._on_end)

    @callback
    def discard(self) -> None:
        """Discard the capture in any state."""
        self._stop_recording()
        self.ready = self._seen = None
        if self._preparation:
            self._preparation.cancel()
            self._preparation = None
            self._is_preparing = False
        withdraw_issues(self._hass, self._entry, [Problem.CAPTURE])

    @callback
    def look(self) -> Ready | None:
        """Return the finished capture for review. Only a reviewed capture can be written."""
        self._seen = self.ready
        return self.ready

    async def async_write(self) -> tuple[Path, Summary]:
        """Write the capture into a new file. Return its path and summary.

        Raises CaptureRefusedError without a capture that was looked at, and OSError.
        """
        async with self._writing:
            if self.is_running:
                raise CaptureRefusedError(CaptureRefusal.RUNNING)
            if self.ready is None:
                raise CaptureRefusedError(CaptureRefusal.MISSING)
            summary, text = self.ready
            if not summary.telegrams:
                raise CaptureRefusedError(CaptureRefusal.EMPTY)
            if self._seen is not self.ready:
                raise CaptureRefusedError(CaptureRefusal.UNSEEN)
            path = await self._hass.async_add_executor_job(_write, self.folder, text)
            self.discard()
        return path, summary

    @callback
    def _on_data(self, recording: Recording, data: bytes) -> None:
        recording.add(self._hass.loop.time(), data)
        if recording.is_full:
            self._on_end()

    @callback
    def _on_end(self, _now: datetime | None = None) -> None:
        recording = self.recording
        self._stop_recording()
        if recording:
            self._is_preparing = True
            self._preparation = self._entry.async_create_background_task(
                self._hass, self._async_prepare(recording.chunks), f"{self._entry.title} capture"
            )

    async def _async_prepare(self, chunks: list[Chunk]) -> None:
        try:
            self.ready = await self._hass.async_add_executor_job(
                without_collection(_make), chunks, self._decryptor(), self._keeps_message_forms
            )
        except Exception as err:  # noqa: BLE001 - whatever it is
            # Log the type alone: text and traceback could contain received data.
            LOGGER.error(
                "%s: a capture could not be made anonymous, and is discarded: %s",
                self._entry.title,
                type(err).__name__,
            )
            return
        finally:
            self._is_preparing = False
        self._call_later(KEPT_SECONDS, self._on_expired)
        raise_issue(self._hass, self._entry, Problem.CAPTURE)

    @callback
    def _on_expired(self, _now: datetime) -> None:
        self.discard()

    @callback
    def _call_later(self, seconds: float, action: Callable[[datetime], None]) -> None:
        job = HassJob(action, cancel_on_shutdown=True)
        self._cancel_timer = async_call_later(self._hass, seconds, job)

    @callback
    def _stop_recording(self) -> None:
        if self._stop_listening:
            self._stop_listening()
        if self._cancel_timer:
            self._cancel_timer()
        self.recording = self._stop_listening = self._cancel_timer = None


def _make(
    chunks: list[Chunk],
    decryptor: FrameDecryptor | None,
    keeps_message_forms: bool,  # noqa: FBT001
) -> Ready:
    capture = anonymise(chunks, decryptor, SystemRandom(), keeps_message_forms=keeps_message_forms)
    return Ready(summarise(capture), write_capture(capture))


def _write(folder: Path, text: str) -> Path:
    """Write a file with the first free number. Its name has no time: the name is shared, too."""
    folder.mkdir(exist_ok=True)
    for number in range(1, MAX_CAPTURE_FILES + 1):
        path = folder / f"capture-{number}.jsonl"
        try:
            stream = path.open("x", encoding="ascii", newline="\n")
        except FileExistsError:
            if number == MAX_CAPTURE_FILES:
                raise
            continue
        try:
            with stream:
                stream.write(text)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        break
    return path
