"""Months, days and quarter-hours of connections, compared with an own reading of their frames.

The store is real. The frames are made over October's change of the clock, with gaps; the test
decrypts them itself, and divides them into quarter-hours by its own rule.
"""

import csv
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dev.checkout import PROGRAMS
from dev.encoder import KEY, frame, telegram
from dev.testing.real_programs import until
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.telegram import Telegram
from tests.system.watched_fleet import WatchedFleet

# Cheapest reference power of a connection, which is unknown without a whole month.
POWER = r"(?:\d+ kW|\?)"
ZONE = ZoneInfo("Europe/Luxembourg")
PAGE = (PROGRAMS / "docs" / "fleet-answers.md").read_text("utf-8")
METERS = {1: "SAG1030790002574", 2: "SAG1030790002575", 3: "SAG1030790002599"}
BEGIN = datetime(2026, 10, 19, tzinfo=ZONE).astimezone(UTC)
END = datetime(2026, 10, 28, tzinfo=ZONE).astimezone(UTC)
CONTRACT = """\
[[contracts]]
reference_power = 3
energy_price = 0.15
energy_fee = 2
feed_in_price = 0.05
vat = true
with_levies = true
[[changes]]
kind = "battery"
kwh = 10
kw = 5
"""
QUARTER_S = 900
# The default authentication key of Luxembourg's meters, and the header of a frame before its data.
AUTHENTICATION = bytes.fromhex("00112233445566778899AABBCCDDEEFF")

type Readings = list[tuple[int, int, int]]
"""Time (Unix seconds), imported and exported energy in Wh."""


def frames_of(number: int, chosen: random.Random, begin: datetime, end: datetime) -> list[bytes]:
    """Return the frames of a meter, some minutes apart at times, and hours apart at others."""
    title, found = b"SAGgp\x04\x20" + bytes((number,)), list[bytes]()
    at, imported, exported = begin, 1_000_000 * number, 500_000
    counter = 0
    while at < end:
        local = at.astimezone(ZONE)
        counter += 1
        text = telegram(
            f"0-0:1.0.0({local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'})",
            f"1-0:1.8.0({imported / 1000:010.3f}*kWh)",
            f"1-0:2.8.0({exported / 1000:010.3f}*kWh)",
            "1-0:1.7.0(01.000*kW)",
            name=METERS[number],
        )
        found.append(frame(counter, text, title=title))
        step = chosen.choice((10, 20, 60, 60, 300))
        if chosen.random() < 0.004:
            step = chosen.choice((840, 960, 3000, 9000))
        at += timedelta(seconds=step)
        imported += chosen.randrange(0, 3 * step)
        exported += chosen.randrange(0, step) * (8 < local.hour < 18)
    return found


def read(frames: Sequence[bytes]) -> Readings:
    """Decrypt frames with AES-GCM, as the standard has it, and return their registers."""
    found = []
    for data in frames:
        length = data[1]
        title, rest = data[2 : 2 + length], data[2 + length :]
        # The length of the frame has one byte, or one or two more behind 0x81 and 0x82.
        size = {0x81: 2, 0x82: 3}.get(rest[0], 1)
        control, counter, sealed = (
            rest[size : size + 1],
            rest[size + 1 : size + 5],
            rest[size + 5 :],
        )
        # The tag has 12 bytes, which the library does not take: so decrypt without it.
        body = sealed[:-12]
        key = AESGCM(KEY)
        stream = key.encrypt(title + counter, bytes(len(body)), control)[: len(body)]
        text = bytes(one ^ other for one, other in zip(body, stream, strict=True)).decode()
        [(stamp, season)] = re.findall(r"0-0:1\.0\.0\((\d{12})([SW])\)", text)
        hours = 2 if season == "S" else 1
        when = datetime.strptime(stamp, "%y%m%d%H%M%S").replace(tzinfo=UTC) - timedelta(hours=hours)
        registers = [
            round(float(re.findall(rf"1-0:{code}\.8\.0\((\d+\.\d+)", text)[0]) * 1000)
            for code in (1, 2)
        ]
        found.append((round(when.timestamp()), *registers))
    return found  # type: ignore[return-value]


def quarter_hours(readings: Readings) -> dict[int, tuple[float, float]]:
    """Return the known quarter-hours: energy between two readings rises evenly with the time.

    A quarter-hour is unknown if it touches more than 15 minutes without a reading.
    """
    edges: dict[int, tuple[float, float]] = {}
    gaps = [
        (one[0], other[0]) for one, other in pairwise(readings) if other[0] - one[0] > QUARTER_S
    ]
    for one, other in pairwise(readings):
        edge = -(-one[0] // QUARTER_S) * QUARTER_S
        while edge <= other[0]:
            share = (edge - one[0]) / (other[0] - one[0])
            edges[edge] = tuple(
                a + (b - a) * share for a, b in zip(one[1:], other[1:], strict=True)
            )  # type: ignore[assignment]
            edge += QUARTER_S
    known = {}
    for start, at in edges.items():
        end = start + QUARTER_S
        if end in edges and not any(a < end and b > start for a, b in gaps):
            known[start] = edges[end][0] - at[0], edges[end][1] - at[1]
    return known


def smarty_p1(folder: Path, *words: str, status: int = 0) -> str:
    end = subprocess.run(
        [PROGRAMS / "scripts" / "p1", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert end.returncode == status, end.stdout + end.stderr
    return end.stdout + end.stderr


def rows_in(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def lines_of(frames: Sequence[bytes]) -> list[str]:
    found, decryptor = [], FrameDecryptor(KEY)
    for data in frames:
        event = decryptor.decrypt(data)
        assert isinstance(event, Telegram)
        found.append(make_sample(event).text)
    return found


def commands() -> list[str]:
    """Return the commands of the page, in their order."""
    return re.findall(r"^smarty-p1 .*$", PAGE, re.MULTILINE)


def history(begin: datetime, end: datetime) -> str:
    """Return ten-minute values of the first meter before its frames."""
    count = round((end - begin).total_seconds()) // 600
    return "".join(
        f"smarty_p1,meter={METERS[1]} active_energy_imported={900 + at / 1000},"
        f"active_energy_exported={450 + at / 2000} {round(begin.timestamp() + at * 600)}000\n"
        for at in range(count)
    )


def check_energies(rows: Sequence[dict[str, str]], frames: Sequence[Sequence[bytes]]) -> None:
    """Compare the quarter-hours of a connection with the frames of its meters."""
    expected: dict[int, tuple[float, float]] = {}
    total = [0, 0]
    for own in frames:
        readings = read(own)
        expected |= quarter_hours(readings)
        for at in (0, 1):
            total[at] += readings[-1][at + 1] - readings[0][at + 1]
    found = {round(datetime.fromisoformat(row["utc"]).timestamp()): row for row in rows}
    since = {start: row for start, row in found.items() if start >= BEGIN.timestamp()}
    assert {start for start, row in since.items() if row["is_known"] == "1"} == {*expected}
    for at, column in enumerate(("imported_kwh", "exported_kwh")):
        for start, energies in expected.items():
            assert float(found[start][column]) * 1000 == pytest.approx(energies[at], abs=1)
        whole = sum(float(row[column] or 0) for row in since.values()) * 1000
        assert whole == pytest.approx(total[at], abs=1)


def check_community(rows: Sequence[dict[str, str]]) -> None:
    """Check that in each quarter-hour members get as much as they give, to 1 Wh."""
    by_start: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_start.setdefault(row["utc"], []).append(row)
    shared = 0
    for members in by_start.values():
        got = [round(float(row["shared_kwh"]) * 1000) for row in members]
        given = [round(float(row["given_kwh"]) * 1000) for row in members]
        exported = sum(float(row["exported_kwh"] or 0) for row in members) * 1000
        assert sum(got) == sum(given) <= exported + 1
        for row, wh in zip(members, got, strict=True):
            share = {"flat1": 0.6, "flat2": 0.4}[row["connection"]]
            wanted = min(exported * share, float(row["imported_kwh"]) * 1000)
            assert wh == pytest.approx(wanted, abs=2)
        shared += sum(got)
    assert shared > 1000


async def test_the_ten_questions_are_answered_as_the_frames_say(tmp_path: Path) -> None:
    fleet, chosen = WatchedFleet(tmp_path), random.Random(117)  # noqa: S311 - no secret
    exchanged = datetime(2026, 10, 20, 9, 30, tzinfo=ZONE).astimezone(UTC)
    frames = {
        1: frames_of(1, chosen, BEGIN, END),
        2: frames_of(2, chosen, BEGIN, exchanged),
        3: frames_of(3, chosen, exchanged + timedelta(minutes=7), END),
    }
    [described] = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    top, tables = described.split("[[", 1)
    text = f"{top}{fleet.inputs.read_text(encoding='utf-8')}[[{tables}"
    fleet.inputs.write_text(text, "utf-8")
    for name in ("contract.toml", "flat2.toml"):
        (tmp_path / name).write_text(CONTRACT, "utf-8")
    smarty_p1(tmp_path, "fleet", "init")

    async def is_stored() -> bool:
        return METERS[3].encode() in fleet.ask("/api/v1/label/meter/values", "reader")[1]

    told = {}
    async with fleet.parts["victoria-metrics"], fleet.parts["vmauth"]:
        texts = [history(datetime(2025, 9, 1, tzinfo=UTC), BEGIN - timedelta(minutes=5))]
        texts += ["".join(lines_of(one)) for one in frames.values()]
        for data in texts:
            status, _ = fleet.ask("/vm/write?precision=ms", "collector", data=data.encode())
            assert status == 204
        await until(is_stored)
        for command in commands():
            told[command] = smarty_p1(tmp_path, *command.split()[1:])
        every = ("--every", "quarter-hour", "--csv", "guest.csv")
        smarty_p1(tmp_path, "fleet", "month", "2026-10", "--tenant", "flat1-2026", *every)
    assert len(re.findall(r"^### ", PAGE, re.MULTILINE)) == 10

    rows = [*rows_in(tmp_path / "quarters.csv")]
    flats = {
        name: [row for row in rows if row["connection"] == name] for name in ("flat1", "flat2")
    }
    check_energies(flats["flat1"], [frames[1]])
    check_energies(flats["flat2"], [frames[2], frames[3]])
    check_community(rows)
    days = {(row["connection"], row["day"]): row for row in rows_in(tmp_path / "days.csv")}
    assert days["flat1", "2026-10-25"]["quarter_hours"] == "100"
    assert days["flat2", "2026-10-24"]["quarter_hours"] == "96"
    [whole] = [row for row in rows_in(tmp_path / "community.csv") if row["connection"] == "flat1"]
    for column in ("imported_kwh", "shared_kwh", "given_kwh"):
        for others in (flats["flat1"], [day for (name, _), day in days.items() if name == "flat1"]):
            total = sum(float(row[column] or 0) for row in others)
            assert total == pytest.approx(float(whole[column]), abs=0.001)
    # The bill of the file is that of the table.
    bill = told["smarty-p1 bill flat1.csv contract.toml --month 2026-10"]
    [total] = re.findall(r"(?m)^  total +(\d+\.\d\d)$", bill)
    table = told["smarty-p1 fleet month 2026-10 --bills"]
    costs = dict(re.findall(rf"(?m)^(flat\d) .* (\d+\.\d\d) +{POWER}$", table))
    # The price of the community is in fleet.toml, and not in this contract.
    shared = float(whole["shared_kwh"]) * 0.12
    assert float(costs["flat1"]) == pytest.approx(float(total) + shared, abs=0.02)
    assert f"{sum(map(float, costs.values())):.2f}" in table
    assert "365 days measured" in told["smarty-p1 what-if 2025.csv 2026.csv contract.toml"]
    # A tenant gets only his meters and days.
    for file, column in (
        ("guest.csv", "start"),
        ("registers.csv", "local_time"),
        ("tenant.csv", "day"),
    ):
        found = [row[column][:10] for row in rows_in(tmp_path / file)]
        assert found
        assert min(found) >= "2026-03-01"
        assert max(found[:-1]) <= "2026-10-31"
    assert {row["connection"] for row in rows_in(tmp_path / "guest.csv")} == {METERS[1]}
