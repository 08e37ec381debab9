"""Frames mutated at random, fed to the decoder: all true ones come out, at once, and nothing else.

The frames are made by dev.encoder, which shares no code with the decoder. Frames that
stand whole on the line, with rising counters, must be delivered with their last byte, with exactly
the values that were put into them and that a new decoder finds in them; everything else must not be
delivered.
"""

import argparse
import multiprocessing
import os
import secrets
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from random import Random
from typing import NamedTuple

from dev.encoder import KEY, frame
from dev.simulator.arguments import count
from dev.simulator.faults import noise
from dev.simulator.telegram import crc16
from smartyp1.p1 import Decoder, Rejection, Telegram

from .meter import RandomMeter, Sent

MUTATIONS_A_STREAM = 100
_LONG_MESSAGES = 0.003
_OTHER_KEY = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
_FORGED = b"/Lux5\\253694471_M\r\n\r\n1-0:1.8.0(999999.999*kWh)\r\n!"
_FORGED += b"%04X\r\n" % crc16(_FORGED)
_GAPS = (b"", b"", b"", b"\r\n", b"\x00", b"\xdb", b"\xdb\x08", b"\n!", b"/")
# How the bytes arrive: the sizes of the chunks, from and to.
_CHUNKINGS = ((1, 1), (1, 16), (1, 128), (1, 2000), (512, 512), (20_000, 60_000))
_CHUNKING_WEIGHTS = (1, 4, 10, 10, 5, 5)


def _flip_bits(chance: Random, data: bytes, _other: bytes) -> bytes:
    flipped = bytearray(data)
    for place in chance.sample(range(8 * len(data)), chance.choice((1, 1, 2, 8))):
        flipped[place // 8] ^= 1 << place % 8
    return bytes(flipped)


def _overwrite(chance: Random, data: bytes, _other: bytes) -> bytes:
    start = chance.randrange(len(data))
    run = chance.randbytes(chance.randrange(1, 40))
    return data[:start] + run + data[start + len(run) :]


def _cut_tail(chance: Random, data: bytes, _other: bytes) -> bytes:
    return data[: chance.randrange(1, len(data))]


def _cut_head(chance: Random, data: bytes, _other: bytes) -> bytes:
    return data[chance.randrange(1, len(data)) :]


def _cut_middle(chance: Random, data: bytes, _other: bytes) -> bytes:
    start, end = sorted(chance.sample(range(1, len(data)), 2))
    return data[:start] + data[end:]


def _insert(chance: Random, data: bytes, _other: bytes) -> bytes:
    at = chance.randrange(1, len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 60)) + data[at:]


def _splice(chance: Random, data: bytes, other: bytes) -> bytes:
    # From 1 on: a whole later frame would make those in between replays.
    return data[: chance.randrange(1, len(data))] + other[chance.randrange(1, len(other)) :]


def _false_header(chance: Random, data: bytes, _other: bytes) -> bytes:
    claimed = chance.choice((chance.randrange(0x10000), chance.randrange(0x400)))
    title = chance.choice((data[2:10], b"SAG" + chance.randbytes(5)))
    rest = chance.choice((b"", b"\x30", b"\x30" + chance.randbytes(4)))
    header = b"\xdb\x08" + title + b"\x82" + claimed.to_bytes(2) + rest
    return header * chance.choice((1, 1, 1, 3, 50)) + data


def _noise(chance: Random, data: bytes, _other: bytes) -> bytes:
    return noise(chance) + data + noise(chance)


def _replay(_chance: Random, data: bytes, other: bytes) -> bytes:
    return data + other


def _glue(chance: Random, data: bytes, other: bytes) -> bytes:
    """Put the frame right behind the beginning of another, or in its middle."""
    at = chance.randrange(1, len(other))
    return other[:at] + data + chance.choice((b"", other[at:]))


def _forge(chance: Random, data: bytes, _other: bytes) -> bytes:
    counter = chance.choice((int.from_bytes(data[14:18]), 0xFFFFFFFF))
    return frame(counter, _FORGED, key=_OTHER_KEY, title=data[2:10])


def _forge_plain(_chance: Random, _data: bytes, _other: bytes) -> bytes:
    return _FORGED


class _Kind(NamedTuple):
    """A way to mutate a frame; `other` is another frame of the meter, for a replay an earlier."""

    mutate: Callable[[Random, bytes, bytes], bytes]
    # The word for what good frames in (or, of a cut frame, behind) it have survived.
    survived: str = ""


KINDS = {
    "bits": _Kind(_flip_bits),
    "overwritten": _Kind(_overwrite),
    "cut at the tail": _Kind(_cut_tail, "a cut frame"),
    "cut at the head": _Kind(_cut_head, "a cut frame"),
    "cut in the middle": _Kind(_cut_middle, "a cut frame"),
    "insertion": _Kind(_insert),
    "splice": _Kind(_splice),
    "glued": _Kind(_glue, "a glued frame"),
    "false header": _Kind(_false_header, "a false header"),
    "noise": _Kind(_noise),
    "replay": _Kind(_replay),
    "of another key": _Kind(_forge),
    "plain": _Kind(_forge_plain),
}
_NAMES = tuple(KINDS)
_WHOLE = {"glued", "false header"}


@dataclass(slots=True)
class Tally:
    """What was fed and what came out."""

    mutated: Counter[str] = field(default_factory=Counter)
    intact: int = 0
    delivered: int = 0
    survived: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        self.mutated += other.mutated
        self.intact += other.intact
        self.delivered += other.delivered
        self.survived += other.survived
        self.lost += other.lost
        self.rejected += other.rejected


class Stream(NamedTuple):
    """The bytes of a line, what the meter sent, and what good frames come behind."""

    data: bytes
    chunks: list[bytes]
    sent: list[Sent]
    mutated: Counter[str]
    # Counters of good frames, and what they must survive.
    behind: dict[int, str]


class Failure(NamedTuple):
    """What went wrong with which stream."""

    seed: int
    number: int
    problem: str
    data: bytes


def make_stream(seed: int, number: int, mutations: int = MUTATIONS_A_STREAM) -> Stream:
    """Make the same stream again for the same seed and number."""
    chance = Random(f"{seed}/{number}")  # noqa: S311 - no secret
    meter = RandomMeter(chance, long_messages=chance.random() < _LONG_MESSAGES)
    sent = meter.send(2 * mutations)
    mutated: Counter[str] = Counter()
    behind: dict[int, str] = {}
    data = bytearray()
    after = ""
    at = 0
    for _ in range(mutations):
        name = chance.choice(_NAMES)
        kind = KINDS[name]
        mutated[name] += 1
        # A replayed frame is an earlier one; one to splice or glue may be of any time.
        others = sent[: at + 1] if name == "replay" else sent
        data += kind.mutate(chance, sent[at].frame, chance.choice(others).frame)
        if name in _WHOLE:
            behind[sent[at].counter] = kind.survived
        after = kind.survived if name not in _WHOLE else ""
        data += chance.choice(_GAPS)
        at += 1
        if chance.random() < 0.5:
            data += sent[at].frame
            if after:
                behind[sent[at].counter] = after
            at += 1
    sizes = chance.choices(_CHUNKINGS, _CHUNKING_WEIGHTS)[0]
    whole = bytes(data)
    return Stream(whole, list(_in_chunks(chance, whole, sizes)), sent, mutated, behind)


def _in_chunks(chance: Random, data: bytes, sizes: tuple[int, int]) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + chance.randint(*sizes)
        yield data[at:end]
        at = end


def due(stream: Stream) -> list[tuple[int, Sent]]:
    """Return the frames that stand whole on the line, with rising counters, and where they end."""
    found = []
    for sent in stream.sent:
        start = stream.data.find(sent.frame)
        while start >= 0:
            found.append((start + len(sent.frame), sent))
            start = stream.data.find(sent.frame, start + 1)
    found.sort(key=lambda place: place[0])
    rising: list[tuple[int, Sent]] = []
    for end, sent in found:
        if not rising or sent.counter > rising[-1][1].counter:
            rising.append((end, sent))
    return rising


def check_stream(stream: Stream, tally: Tally) -> str | None:
    """Feed a stream; return what is wrong with what came out."""
    expected = due(stream)
    tally.mutated += stream.mutated
    tally.intact += len(expected)
    delivered: set[int] = set()
    problem = _feed(stream, expected, delivered, tally.rejected)
    tally.delivered += len(delivered)
    for _, sent in expected:
        if survived := stream.behind.get(sent.counter):
            tally.survived[survived] += 1
            tally.lost[survived] += sent.counter not in delivered
    return problem


def _feed(
    stream: Stream,
    expected: Sequence[tuple[int, Sent]],
    delivered: set[int],
    rejected: Counter[str],
) -> str | None:
    decoder = Decoder(KEY)
    problem = None
    position = at = 0
    for chunk in stream.chunks:
        position += len(chunk)
        telegrams = []
        for event in decoder.feed(chunk):
            if isinstance(event, Rejection):
                rejected[event.reason] += 1
            else:
                telegrams.append(event)
        first = at
        while at < len(expected) and expected[at][0] <= position:
            at += 1
        delivered.update(event.frame_counter or 0 for event in telegrams)
        # The whole stream is fed also after a first problem, so that what is lost can be counted.
        problem = problem or _compare(telegrams, [sent for _, sent in expected[first:at]])
    return problem


def _compare(telegrams: Sequence[Telegram], expected: Sequence[Sent]) -> str | None:
    counters = [event.frame_counter for event in telegrams]
    if counters != [sent.counter for sent in expected]:
        return f"due are {[sent.counter for sent in expected]}, delivered were {counters}"
    for event, sent in zip(telegrams, expected, strict=True):
        if (event.text, event.system_title) != (sent.text, sent.title):
            return f"{sent.counter}: another text or system title"
        if event.objects != sent.values:
            return f"{sent.counter}: {event.objects} instead of {sent.values}"
        channels = {channel: astuple(reading) for channel, reading in event.channels.items()}
        if channels != sent.channels:
            return f"{sent.counter}: {channels} instead of {sent.channels}"
        if (event.time, event.serial_number) != (
            sent.values["0-0:1.0.0"],
            sent.values["0-0:42.0.0"],
        ):
            return f"{sent.counter}: {event.time}, {event.serial_number}"
    return _compare_with_new_decoder(telegrams, expected)


def _compare_with_new_decoder(
    telegrams: Sequence[Telegram], expected: Sequence[Sent]
) -> str | None:
    """Return what is left over from earlier telegrams."""
    for event, sent in zip(telegrams, expected, strict=True):
        alone = [found for found in Decoder(KEY).feed(sent.frame) if isinstance(found, Telegram)]
        # What equals may differ in type, and 0.0 equals -0.0.
        if repr(alone) != repr([event]):
            return f"{sent.counter}: {event} among others, {alone} by itself"
    return None


def run_streams(seed: int, numbers: range, frames: int) -> tuple[Tally, Failure | None]:
    """Run some of the streams that make up so many frames, up to the first that fails."""
    tally = Tally()
    for number in numbers:
        mutations = min(MUTATIONS_A_STREAM, frames - number * MUTATIONS_A_STREAM)
        stream = make_stream(seed, number, mutations)
        try:
            problem = check_stream(stream, tally)
        except Exception:  # noqa: BLE001 - this is what is looked for
            problem = traceback.format_exc()
        if problem:
            return tally, Failure(seed, number, problem, stream.data)
    return tally, None


def _run_batch(batch: tuple[int, range, int]) -> tuple[Tally, Failure | None]:
    return run_streams(*batch)


def run(seed: int, frames: int, processes: int) -> tuple[Tally, Failure | None]:
    """Run as many frames in some processes, up to the first failure."""
    streams = -(-frames // MUTATIONS_A_STREAM)
    starts = [*range(0, streams, 20), streams]
    batches = [(seed, range(start, end), frames) for start, end in pairwise(starts)]
    tally = Tally()
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        for part, failure in pool.imap_unordered(_run_batch, batches):
            tally.add(part)
            if failure:
                return tally, failure
    return tally, None


def describe(tally: Tally) -> str:
    """Return the summary, without how long it took."""
    kinds = ", ".join(f"{name} {tally.mutated[name]:,}" for name in KINDS)
    lost = ", ".join(
        f"{what} {tally.lost[what]:,} of {tally.survived[what]:,}"
        for what in ("a false header", "a cut frame", "a glued frame")
    )
    rejected = ", ".join(f"{name} {number:,}" for name, number in sorted(tally.rejected.items()))
    return (
        f"{tally.mutated.total():,} frames mutated ({kinds}); "
        f"intact {tally.intact:,}, delivered {tally.delivered:,}; "
        f"good frames lost after {lost}; rejected: {rejected}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print one line, and return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="fuzz mutations", description=__doc__)
    parser.add_argument("--frames", type=count, default=1_000_000, help="how many to mutate")
    parser.add_argument("--seed", type=int, help="the same one makes the same frames")
    parser.add_argument("--processes", type=count, default=os.process_cpu_count() or 1)
    parser.add_argument("--stream", type=int, help="repeat this stream of the seed alone")
    options = parser.parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    started = time.monotonic()
    if options.stream is None:
        tally, failure = run(seed, options.frames, options.processes)
    else:
        only = range(options.stream, options.stream + 1)
        tally, failure = run_streams(seed, only, options.frames)
    seconds = time.monotonic() - started
    print(f"{describe(tally)}; seed {seed}; {options.processes} processes, {seconds:.0f} s")
    if failure is None:
        return 0
    print(
        f"FAILED: {failure.problem}\nagain: scripts/fuzz mutations --frames {options.frames} "
        f"--seed {failure.seed} --stream {failure.number}\n{failure.data.hex()}",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
