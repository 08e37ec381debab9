"""Test the decoder, the parsers, and the readers of keys, ports and files with random input.

Hypothesis makes streams, telegrams, keys and addresses that are almost valid.
"""

import argparse
import itertools
import re
import secrets
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, settings, strategies as st

from dev.encoder import FRAMES, KEY, frame, stored_example
from dev.simulator.telegram import crc16
from smartyp1.p1.obis import OBJECTS

from . import leneda, properties

_MAX_TEXT_BYTES = 32_000
_EXAMPLES = tuple(stored_example(path.stem) for path in sorted(FRAMES.glob("*.json")))
_RECORDED_LINE = b"".join(example.data for example in _EXAMPLES)
_MARKS = (
    b"\xdb\x08", b"\xdb", b"\n!", b"!", b"/", b"/Lux5\\253694471_M\r\n", b"\r\n", b"\r", b"\0",
    b"\xdb\x08SAGgp\x04\x10\x2e\x82\x7d\x00\x30\x00\x00\x00\x01",
    b"\xdb\x08SAGgp\x04\x10\x2e\x81\x60\x30\x00\x00\x00\x01",
    b"\xdb\x08SAGgp\x04\x10\x2e\x12\x30\x00\x00\x00\x01",
    b"\xdb\x08SAGgp\x04\x10\x2e\x82\xff\xff\x30",
)  # fmt: skip


class Property(NamedTuple):
    """Check that must succeed for each input from the strategy `examples`."""

    name: str
    examples: st.SearchStrategy[Any]
    check: Callable[[Any], None]


_sizes = st.lists(st.integers(0, 80) | st.integers(0, 5000), min_size=1, max_size=5)

# --- bytes on the line -------------------------------------------------------------------------
_marks = st.sampled_from(_MARKS)
_counters = st.integers(0, 2**32 - 1)
_frames = (
    st.sampled_from([frame.data for frame in _EXAMPLES])
    | st.builds(frame, _counters, st.binary(min_size=1, max_size=60))
    | st.builds(
        frame, st.integers(0, 999_999), authentication_key=st.binary(min_size=16, max_size=16)
    )
)
_damaged = st.builds(
    lambda data, start, end, middle: data[: start % len(data)] + middle + data[end % len(data) :],
    _frames,
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.binary(max_size=3),
)
_recorded = st.builds(
    lambda start, size: _RECORDED_LINE[start:][:size],
    st.integers(0, len(_RECORDED_LINE) - 1),
    st.integers(1, 3000),
)
_lines = st.lists(
    st.binary(max_size=40) | _marks | _frames | _damaged | _recorded, max_size=12
).map(b"".join)
_patterns = st.lists(st.binary(max_size=40) | _marks | _damaged, min_size=1).map(b"".join)

# --- telegrams ---------------------------------------------------------------------------------
_numbers = st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,12})?", fullmatch=True) | st.sampled_from(
    ["nan", "inf", "-inf", "1e5", "1_0", "٣", "²", "0x10", "-0", "9" * 400]
)
_units = st.sampled_from(
    ["kWh", "Wh", "kW", "W", "kvar", "A", "V", "m3", "GJ", "kVA", "k", "", "*"]
)
_times = st.from_regex(r"[0-9]{12}[SWX]?", fullmatch=True) | st.builds(
    "{:02d}{:02d}{:02d}{:02d}{:02d}{:02d}{}".format,
    *(st.integers(0, highest) for highest in (99, 13, 32, 25, 61, 61)),
    st.sampled_from("SW"),
)
_octets = st.binary(max_size=40).map(bytes.hex) | st.text(max_size=20).map(
    lambda text: text.encode().hex().upper()
)
_long = st.integers(0, 6000).map(lambda size: "C3A4" * size)
_value = (
    st.builds("{}*{}".format, _numbers, _units)
    | _numbers
    | _times
    | _octets
    | _long
    | st.text(st.characters(max_codepoint=0xFF), max_size=20)
    | st.sampled_from(["", "000", "003", "007", "632525252525S"])
)
_brackets = st.lists(_value, max_size=3).map(lambda values: "".join(f"({v})" for v in values)) | (
    st.text("()*0123456789.SW", max_size=20)
)
_references = st.sampled_from(sorted(OBJECTS)) | st.from_regex(
    r"[0-9]{1,4}-[0-9]{1,4}:[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}", fullmatch=True
)
_line = st.builds("{}{}".format, _references, _brackets) | st.text(
    st.characters(max_codepoint=0xFF), max_size=30
)
_mbus = st.builds(
    lambda n, kind, name, time, index, valve: (
        f"0-{n}:24.1.0({kind})\r\n0-{n}:96.1.0({name})\r\n0-{n}:24.2.1({time})({index})\r\n"
        f"0-{n}:24.4.0({valve})"
    ),
    st.integers(0, 5),
    st.sampled_from(["003", "004", "007", "099", "", "x"]),
    _octets,
    _times,
    _value,
    st.sampled_from(["0", "1", "9", ""]),
)
_telegram_lines = st.lists(_line | _mbus, max_size=12) | st.sampled_from(
    [frame.telegram.split("\r\n") for frame in _EXAMPLES]
)


@st.composite
def _texts(draw: st.DrawFn) -> list[bytes]:
    """Return consecutive telegrams of a meter."""
    begin = draw(st.sampled_from(["/Lux5\\253694471_M\r\n", "/", "", "\r\n/Lux5\r\n", "/Lux5\n"]))
    end_of_line = draw(st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r", "\v", "\x1c"]))
    lines = draw(_telegram_lines)
    texts = []
    for _ in range(draw(st.integers(1, 5))):
        changed = draw(st.lists(st.integers(0, len(lines)), max_size=3))
        for at in changed:
            line = draw(_line | st.just(None) | st.sampled_from([*lines, ""]))
            if at < len(lines) and draw(st.booleans()):
                # Keep the digits of the line, and change only its unit.
                line = re.sub(r"\*[^)]*", f"*{draw(_units)}", lines[at])
            lines = [*lines[:at], *([] if line is None else [line]), *lines[at + 1 :]]
        body = f"{begin}{end_of_line.join(lines)}{end_of_line}!".encode("latin-1", "replace")
        digits = draw(st.just(b"%04X\r\n" % crc16(body)) | st.binary(max_size=6))
        texts.append((body + digits)[:_MAX_TEXT_BYTES])
    return texts


# --- keys and ports ----------------------------------------------------------------------------
_key_parts = st.text("0123456789ABCDEFabcdefxX :-\n\t\u00a0", max_size=48)
_keys = (
    st.text()
    | _key_parts
    | st.builds(
        lambda separator, size: separator.join(
            KEY.hex()[at : at + size] for at in range(0, 32, size)
        ),
        st.sampled_from(["", " ", ":", "-", "::", "\u2003", "_", ".", "0x"]),
        st.integers(1, 32),
    )
    | st.text(max_size=3).map(lambda text: f"{text}{KEY.hex()}")
    | st.text(max_size=3).map(lambda text: f"{KEY.hex()}{text}")
)
_hosts = st.text(max_size=20) | st.sampled_from(
    ["127.0.0.1", "gateway.local", "[::1]", "[fe80::1%eth0]", "ü.lu", "user:pass@host", "a" * 300]
)
_schemes = st.sampled_from(
    ["", "socket://", "tcp://", "rfc2217://", "esphome://", "device://", "//"]
)
_ports = st.text() | st.builds(
    "{}{}:{}{}".format,
    _schemes,
    _hosts,
    st.integers(-1, 10**6) | st.text(max_size=6),
    st.text(max_size=20),
)


@st.composite
def _secret_ports(draw: st.DrawFn) -> tuple[str, str]:
    """Return the address of a port, and the secret that this address contains."""
    name = draw(st.sampled_from(["key", "password", "noise_psk", "token", "k%65y", "x"]))
    secret = draw(st.text("0123456789abcdef/+=%", min_size=12, max_size=44))
    part = st.from_regex(r"[a-z]{0,8}(=[a-z0-9]{0,8})?", fullmatch=True)
    before, after = draw(st.lists(part, max_size=2)), draw(st.lists(part, max_size=2))
    query = "&".join([*before, f"{name}={secret}", *after])
    fragment = draw(st.sampled_from(["", "#", "#x?y"]))
    if draw(st.booleans()):
        user = draw(st.sampled_from(["", "user:", "me@home:", ":"]))
        return f"{draw(_schemes)}{user}{secret}@gateway.local:6053/{fragment}", secret
    return f"{draw(_schemes)}gateway.local:6053/?{query}{fragment}", secret


PROPERTIES = (
    Property("lines", st.tuples(_lines, _sizes), lambda example: properties.check_feed(*example)),
    Property(
        "endless noise",
        st.tuples(_patterns.filter(bool), _sizes),
        lambda example: properties.check_endless(*example),
    ),
    Property(
        "telegrams", st.tuples(_texts(), _sizes), lambda example: properties.check_texts(*example)
    ),
    Property("keys", _keys, properties.check_key),
    Property("ports", _ports, properties.check_port),
    Property("ports with secrets", _secret_ports(), properties.check_secret_port),
    Property("files of the platform", leneda.files, leneda.check_file),
    Property("answers of the platform", leneda.answers, leneda.check_answer),
)


# --- runs of Hypothesis with a time limit --------------------------------------------------------
def run_round(tried: Property, seed: int, examples: int = 50) -> int:
    """Check random examples of a property, and return the number of checks."""
    number = 0

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(tried.examples)
    def check(example: Any) -> None:  # noqa: ANN401 - the type depends on the strategy
        nonlocal number
        number += 1
        tried.check(example)

    try:
        check()
    except BaseException as err:
        err.add_note(f"{tried.name}: again with --seed {seed} --minutes 0")
        raise
    return number


def run_for(minutes: float, seed: int, properties: Sequence[Property]) -> Counter[str]:
    """Check all properties for `minutes`, and each property at least once."""
    end = time.monotonic() + 60 * minutes
    numbers: Counter[str] = Counter()
    for round_seed in itertools.count(seed):
        for tried in properties:
            numbers[tried.name] += run_round(tried, round_seed)
        if time.monotonic() >= end:
            break
    return numbers


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for the time in the option `--minutes`, and print the result."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="the same one makes the same examples")
    options = parser.parse_args(arguments)
    seed = secrets.randbits(31) if options.seed is None else options.seed
    started = time.monotonic()
    try:
        numbers = run_for(options.minutes, seed, PROPERTIES)
    except Exception:  # noqa: BLE001 - every exception is a finding
        print(f"FAILED with seed {seed}:\n{traceback.format_exc()}", file=sys.stderr)
        return 1
    examples = ", ".join(f"{name} {number:,}" for name, number in numbers.items())
    minutes = (time.monotonic() - started) / 60
    print(f"nothing found in {minutes:.1f} minutes: {examples}; seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
