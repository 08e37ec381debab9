"""Deleting and exporting all data that a fleet has of one meter, with real programs."""

import asyncio
import csv
from datetime import datetime, timedelta
from pathlib import Path

from dev.checkout import PROGRAMS
from dev.fleet.cluster import as_operator
from dev.testing.real_programs import until
from tests.system.collectors import WINTER, Collectors, MadeUpMeter, expected_of, missing
from tests.system.locked_store import LockedStore
from tests.system.nats_cluster import STREAM


async def fleet_command(*arguments: str | Path) -> tuple[int | None, str]:
    """Run `smarty-p1 fleet`; return its status and its output."""
    process = await asyncio.create_subprocess_exec(
        *(PROGRAMS / "scripts" / "p1", "fleet", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def mentions(fleet: Collectors, meter: MadeUpMeter) -> list[str]:
    """Return where the buckets and the stream mention a meter."""
    found = []
    for stream in (STREAM, "KV_smarty_p1_meters"):
        info = await fleet.ask(fleet.js.stream_info, stream, subjects_filter=">")
        assert info is not None
        for subject in info.state.subjects or ():
            last = await fleet.ask(fleet.js.get_last_msg, stream, subject)
            if last is None:
                continue
            text = f"{subject} {(last.data or b'').decode(errors='replace')}"
            if meter.name in text or meter.title.hex().upper() in text:
                found.append(subject)
    return found


async def change_leaders(fleet: Collectors) -> None:
    """Let the streams change their leaders again and again, as in an upgrade of the nodes."""
    while True:
        for stream in (STREAM, "KV_smarty_p1_meters"):
            await fleet.js._api_request(f"$JS.API.STREAM.LEADER.STEPDOWN.{stream}", timeout=20)
        await asyncio.sleep(1)


async def scrape(store: LockedStore, at: datetime, *meters: MadeUpMeter) -> None:
    """Store the metric of a gateway that names its meter, as a scrape does."""
    for meter in meters:
        told = f"smarty_p1_gateway,port=one,title={meter.title.hex().upper()} meter_info=1"
        store.write(f"{told} {int(at.timestamp())}000\n")
    await until(lambda: len(titles_scraped(store)) == len(meters))


def titles_scraped(store: LockedStore) -> set[str]:
    found = store.export('{__name__="smarty_p1_gateway_meter_info"}')
    return {one["metric"]["title"] for one in found}


async def test_one_meter_is_forgotten_and_the_others_go_on(tmp_path: Path) -> None:
    store = LockedStore(tmp_path / "locked", delete_key="delete-s3cret")
    async with Collectors(tmp_path, store=store) as fleet:
        begin = datetime.now(WINTER).replace(microsecond=0) - timedelta(hours=1)
        gone, other = (MadeUpMeter(number, begin) for number in (1, 2))
        fleet.write_keys(gone, other)
        await fleet.start("first")
        await fleet.start("second")

        async def is_stored(*meters: MadeUpMeter) -> bool:
            return not missing(expected_of(*meters), fleet.stored())

        for _ in range(3):
            await fleet.send(gone, other)
        await until(lambda: is_stored(gone, other))

        assert await mentions(fleet, gone)
        config = as_operator(tmp_path / "first" / "collect.toml")

        # A meter with a key would come again.
        status, told = await fleet_command("forget", gone.name, "--config", config, "--yes")
        assert (status, "still has a key in [keys]" in told) == (2, True)
        fleet.write_keys(other)
        for name in ("first", "second"):
            await fleet.stop(name)
            await fleet.start(name)

        # The next frame of a meter without a key waits, and so do unacknowledged frames.
        await fleet.publish(gone.subject, gone.last_frame)
        await fleet.until_acknowledged()
        bookmark = f"$KV.smarty_p1_meters.again.*.{gone.title.hex().upper()}"
        assert (await fleet.js.get_last_msg("KV_smarty_p1_meters", bookmark)).seq

        # The deletion was not confirmed.
        status, told = await fleet_command("forget", gone.name, "--config", config)
        assert (status, told.endswith("nothing is deleted\n")) == (1, True)
        assert await is_stored(gone, other)

        series = store.export(f'{{meter="{gone.name}"}}')
        values = sum(len(one["values"]) for one in series)
        await scrape(store, begin, gone, other)
        assert values >= 3 * len(gone.expected)
        title, third = gone.title.hex().upper(), MadeUpMeter(3, begin).title.hex().upper()
        # An emptied entry must not delete all series without a meter's name.
        await (await fleet.js.key_value("smarty_p1_meters")).put(f"meter.{third}", b"")
        changing = asyncio.create_task(change_leaders(fleet))
        (status, told), (other_status, nothing) = await asyncio.gather(
            *(
                fleet_command("forget", one, "--config", config, "--yes")
                for one in (gone.name, third)
            )
        )
        changing.cancel()
        assert (other_status, "0 series with 0 values" in nothing) == (0, True), nothing
        assert f"The meter {title} ({gone.name}): {len(series)} series with {values} values" in told
        assert "4 messages in the stream, 3 entries in the bucket" in told, told
        assert (status, "STILL THERE" in told) == (0, False), told
        assert "Not reached from here: backups" in told
        assert titles_scraped(store) == {other.title.hex().upper()}
        assert await mentions(fleet, gone) == []
        await until(lambda: is_stored(other))
        await fleet.send(other)
        await until(lambda: is_stored(other))

        # An unknown name is named in the message.
        status, told = await fleet_command("forget", gone.name, "--config", config, "--yes")
        assert (status, "no meter has this name" in told) == (2, True)
        assert await is_stored(other)
        assert "s3cret" not in told


async def test_a_year_is_exported_with_the_hours_of_both_clock_changes(tmp_path: Path) -> None:
    store = LockedStore(tmp_path / "locked")
    config, file = tmp_path / "collect.toml", tmp_path / "year.csv"
    config.write_text(store.table(), "utf-8")
    # Midnight of 2025-01-01 in Luxembourg; a telegram five seconds before each quarter-hour.
    first = 1_735_686_000
    lines = [
        f"smarty_p1,meter=SAG1 active_energy_imported={number / 8!r},"
        f"active_energy_exported={number / 16!r},storage_delay=0.5 {first + number * 900 - 5}000\n"
        f"smarty_p1,meter=SAG1,channel=1,type=gas,device=G1 index={number} "
        f"{first + number * 900 - 5}000\n"
        for number in range(365 * 96 + 1)
        # No collector ran at noon of the 2nd.
        if not 144 <= number < 148
    ]

    async def export(*more: str | Path) -> tuple[int | None, str]:
        days = ("--from", "2025-01-01", "--to", "2026-01-01")
        return await fleet_command("export", "SAG1", "--config", config, *days, *more)

    for port, number in (("one", 1), ("two", 2)):
        at = first + number * 900 - 5
        lines.append(f"smarty_p1,meter=SAG1,title=T,port={port} last_seen={at} {at}000\n")
    async with store.part:
        store.write("".join(lines))
        count = len(lines) - 2
        await until(lambda: len(store.values("index")) == count)
        status, told = await export("--csv", file)
        assert (status, told) == (
            0,
            "35,041 quarter-hours are written, 4 of them without a value\n",
        )
        rows = read(file)
        assert len(rows) == 365 * 96 + 1
        assert rows[0] == {
            "local_time": "2025-01-01T00:00:00+01:00",
            "utc_time": "2024-12-31T23:00:00Z",
            "active_energy_imported_kwh": "0",
            "active_energy_exported_kwh": "0",
            "read_utc": "2024-12-31T22:59:55Z",
        }
        assert rows[-1]["local_time"] == "2026-01-01T00:00:00+01:00"
        assert float(rows[-1]["active_energy_imported_kwh"]) == 365 * 96 / 8
        empty = [row["local_time"] for row in rows if not row["active_energy_imported_kwh"]]
        assert empty == [f"2025-01-02T12:{minute:02}:00+01:00" for minute in (0, 15, 30, 45)]
        # Autumn has this hour twice, spring does not have it.
        local = [row["local_time"] for row in rows]
        assert len(set(local)) == len(local)
        autumn = [one for one in local if one.startswith("2025-10-26T02:15")]
        assert autumn == ["2025-10-26T02:15:00+02:00", "2025-10-26T02:15:00+01:00"]
        assert not [one for one in local if one.startswith("2025-03-30T02:")]
        assert [float(row["active_energy_imported_kwh"] or -1) * 8 for row in rows] == [
            -8 if 144 <= number < 148 else number for number in range(len(rows))
        ]

        assert await export("--csv", file) == (
            2,
            "smarty-p1: the file for --csv is there already\n",
        )
        everything = tmp_path / "all.csv"
        status, told = await export("--csv", everything, "--every", "telegram")
        # The first telegram is of the year before; the last one's index is in the next row.
        assert (status, told) == (0, f"{count - 1:,} telegrams are written\n")
        names = everything.read_text("utf-8").partition("\n")[0].split(",")
        assert names.count("last_seen") == 1
        rows = read(everything)
        assert [row["last_seen"] for row in rows[:3]] == [f"{first + 895}", f"{first + 1795}", ""]
        assert rows[0]["utc_time"] == "2024-12-31T23:14:55Z"
        assert rows[0]["index 1 gas G1"] == "1"
        assert [row["active_energy_exported"] for row in rows[:3]] == ["0.0625", "0.125", "0.1875"]
        store.password.write_text("another")
        status, told = await export("--csv", tmp_path / "none.csv")
        assert (status, "it answers with 401" in told) == (1, True)
        assert files(tmp_path) == ["all.csv", "year.csv"]


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.csv"))


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return [*csv.DictReader(opened)]
