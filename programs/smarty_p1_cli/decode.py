"""Command `decode`. It prints a line of JSON for each telegram in recorded bytes."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader, FileIO
from pathlib import Path

from smartyp1.capture.anonymiser import Chunk
from smartyp1.capture.capture_file import BEGINNING, MAX_SIZE, CaptureError, read_capture
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.rejection_reasons import Rejection
from smartyp1.p1.telegram import Telegram

from .keys import read_key_arguments
from .parser import Commands, Parser, raise_usage_error, shown
from .rejection_texts import explain

_READ_BYTES = 64 * 1024

type _Stream = FileIO | BufferedReader


def add_decode(commands: Commands, keys: Parser) -> None:
    """Add the command `decode` to the parser."""
    decode = commands.add_parser(
        "decode", parents=[keys], help="print one JSON object per telegram of recorded bytes"
    )
    decode.add_argument(
        "file", metavar="FILE", help="recorded bytes or a capture, or - for standard input"
    )
    decode.set_defaults(run=_run_decode)


def _run_decode(arguments: argparse.Namespace) -> int:
    keys = read_key_arguments(arguments)
    with _open(arguments.file) as stream:
        beginning = _read_beginning(stream)
        if not beginning.startswith(BEGINNING):
            return _decode(_pieces(beginning, stream), Decoder(*keys))
        chunks, published_key = _read_capture(beginning, stream)
    return _decode((data for _, data in chunks), Decoder(published_key))


def _read_beginning(stream: _Stream) -> bytes:
    """Return the first bytes: enough of them to recognise a capture."""
    beginning = data = _read(stream)
    # A pipe can give a few bytes at a time.
    while data and len(beginning) < len(BEGINNING) and BEGINNING.startswith(beginning):
        beginning += (data := _read(stream))
    return beginning


def _pieces(beginning: bytes, stream: _Stream) -> Iterator[bytes]:
    data = beginning
    while data:
        yield data
        data = _read(stream)


def _read_capture(beginning: bytes, stream: _Stream) -> tuple[Sequence[Chunk], bytes | None]:
    data = bytearray(beginning)
    # Stop reading after MAX_SIZE bytes, because `read_capture` refuses a larger file anyway.
    while len(data) <= MAX_SIZE and (more := _read(stream)):
        data += more
    try:
        return read_capture(data.decode("ascii", "replace"))
    except CaptureError as err:
        raise_usage_error(f"this is not an anonymous capture as it was written: {err}")


def _decode(pieces: Iterable[bytes], decoder: Decoder) -> int:
    telegrams = rejections = size = 0
    # If the output's encoding is not UTF-8, write non-ASCII characters as escapes.
    ensure_ascii = (sys.stdout.encoding or "").lower() != "utf-8"
    for data in pieces:
        size += len(data)
        for event in decoder.feed(data):
            match event:
                case Telegram():
                    telegrams += 1
                    print(json.dumps(event.as_dict(), ensure_ascii=ensure_ascii), flush=True)
                case Rejection():
                    rejections += 1
                    print(explain(event), file=sys.stderr)
    if not telegrams:
        print(f"no telegram in {size} bytes", file=sys.stderr)
    return 0 if telegrams and not rejections else 1


def _read(stream: _Stream) -> bytes:
    try:
        data: bytes | None = stream.read(_READ_BYTES)
    except OSError as err:
        raise_usage_error(f"cannot read the recorded bytes: {err.strerror}")
    if data is None:
        raise_usage_error("cannot read the recorded bytes: standard input does not wait for them")
    return data


def _open(name: str) -> _Stream:
    if name == "-":
        if sys.stdin is None:
            raise_usage_error("standard input is closed")
        # Open without a buffer, so that each telegram is printed as soon as it is complete.
        return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    try:
        return Path(name).open("rb")
    except OSError as err:
        raise_usage_error(f"cannot read {shown(name)}: {err.strerror}")
