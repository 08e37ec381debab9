"""Anonymous capture of a meter's port. It is recorded without interrupting the reading.

Received bytes are kept only during the recording, and never on disk. After the recording, only the
anonymous text is kept, until an administrator writes or discards it. When the entry is unloaded,
bytes and text are discarded.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import DOMAIN, LOGGER
from ..lib.capture.anonymiser import Chunk, anonymise
from ..lib.capture.capture_file import Recording, capture_text
from ..lib.capture.summary import CaptureSummary, summarise
from ..lib.p1.frame_decryptor import FrameDecryptor
from ..lib.problem import Problem
from .entry_types import AnyConfigEntry
from .garbage_collection import without_collection
from .repair_issues import raise_issue, withdraw_issues

# Subfolder of Home Assistant's configuration folder for the files of captures.
FOLDER = DOMAIN
MAX_CAPTURE_MINUTES = 60
# A meter sends 0.6 MB in an hour if it sends a telegram every ten seconds. If it sends every
# second, it sends 6 MB, but making 6 MB anonymous would take 200 MB of memory. So a capture is
# limited to 2 MiB.
MAX_BYTES = 2 * 1024 * 1024
MAX_CAPTURE_CHUNKS = 50_000
# Keep a capture for a day, so that a capture from the morning can be reviewed in the evening.
KEPT_SECONDS = 24 * 3600.0
MAX_CAPTURE_FILES = 99


class CaptureRefusal(StrEnum):
    """Reason why a capture cannot be started or written, as the translation key of an error."""

    RUNNING = "capture_running"
    """A capture is already being recorded or made anonymous."""
    WAITING = "capture_waiting"
    """A finished capture must first be written or discarded."""
    MISSING = "capture_missing"
    """There is no finished capture."""
    UNSEEN = "capture_unseen"
    """Nobody has reviewed the capture yet."""
    EMPTY = "capture_empty"
    """The capture contains no verified telegram."""


@dataclass(eq=False)
class CaptureRefusedError(Exception):
    """Error for a request that the current state of the capture does not allow."""

    reason: CaptureRefusal


class Ready(NamedTuple):
    """Finished anonymous capture that an administrator can write or discard."""

    summary: CaptureSummary
    text: str
    """Content of the file to write."""


class MeterCapture:
    """Capture of one meter, in one of four states: none, recording, being made anonymous, finished.

    `recording` has the received bytes during the recording, `ready` the finished capture.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AnyConfigEntry,
        listen: Callable[[Callable[[bytes], None]], CALLBACK_TYPE],
        decryptor: Callable[[], FrameDecryptor | None],
    ) -> None:
        """Prepare a capture. `listen` adds a listener for the received bytes.

        `decryptor` returns the meter's decryptor, or None if the meter has no key.
        """
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
        self._preparation: asyncio.Task[None] | None = None
        self._seen: Ready | None = None
        self._writing = asyncio.Lock()

    @property
    def is_running(self) -> bool:
        """Return whether a capture is being recorded or made anonymous."""
        is_prepared = self._preparation is None or self._preparation.done()
        return self.recording is not None or not is_prepared

    @property
    def minutes_left(self) -> int:
        """Return the remaining minutes of the recording, rounded up."""
        return max(0, math.ceil((self._end - self._hass.loop.time()) / 60))

    def check_free(self) -> None:
        """Raise CaptureRefusedError if a capture is running or finished."""
        if self.is_running:
            raise CaptureRefusedError(CaptureRefusal.RUNNING)
        if self.ready:
            raise CaptureRefusedError(CaptureRefusal.WAITING)

    @callback
    def start(self, minutes: float, *, keeps_message_forms: bool = False) -> None:
        """Start recording for `minutes`.

        Raises CaptureRefusedError if a capture is running or finished.

        With `keeps_message_forms`, the anonymous form of a message keeps the word lengths and the
        capital letters of the message.
        """
        self.check_free()
        self._keeps_message_forms = keeps_message_forms
        recording = self.recording = Recording(MAX_BYTES, MAX_CAPTURE_CHUNKS)
        self._end = self._hass.loop.time() + minutes * 60
        self._stop_listening = self._listen(partial(self._on_data, recording))
        self._call_later(minutes * 60, self._on_end)

    @callback
    def discard(self) -> None:
        """Discard the capture in any of its states."""
        self._stop_recording()
        self.ready = self._seen = None
        if self._preparation:
            self._preparation.cancel()
            self._preparation = None
        withdraw_issues(self._hass, self._entry, [Problem.CAPTURE])

    @callback
    def review(self) -> Ready | None:
        """Return the finished capture for review. Return None if no capture is finished.

        A capture can be written only after this method has returned it.
        """
        self._seen = self.ready
        return self.ready

    async def async_write(self) -> tuple[Path, CaptureSummary]:
        """Write the capture into a new file. Return the path of the file, and the summary.

        Raises CaptureRefusedError if there is no reviewed capture, and OSError if writing fails.
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
        recording.add_chunk(self._hass.loop.time(), data)
        if recording.is_full:
            self._on_end()

    @callback
    def _on_end(self, _now: datetime | None = None) -> None:
        recording = self.recording
        self._stop_recording()
        if recording:
            self._preparation = self._entry.async_create_background_task(
                self._hass, self._async_prepare(recording.chunks), f"{self._entry.title} capture"
            )

    async def _async_prepare(self, chunks: list[Chunk]) -> None:
        try:
            self.ready = await self._hass.async_add_executor_job(
                _make, chunks, self._decryptor(), self._keeps_message_forms
            )
        except Exception as err:  # noqa: BLE001 - any error is logged
            # Log only the error's type, because text and traceback could contain private data.
            LOGGER.error(
                "%s: a capture could not be made anonymous, and is discarded: %s",
                self._entry.title,
                type(err).__name__,
            )
            return
        finally:
            self._preparation = None
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


@without_collection
def _make(
    chunks: list[Chunk],
    decryptor: FrameDecryptor | None,
    keeps_message_forms: bool,  # noqa: FBT001
) -> Ready:
    capture = anonymise(chunks, decryptor, SystemRandom(), keeps_message_forms=keeps_message_forms)
    return Ready(summarise(capture), capture_text(capture))


def _write(folder: Path, text: str) -> Path:
    """Write `text` into a new file of `folder`, and return the path of the file.

    The file's name has the first free number. The name has no time, because a time would tell when
    the capture was recorded.
    """
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
