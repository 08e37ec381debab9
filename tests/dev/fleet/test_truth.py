"""What the meters of a fleet send, and how it is written down."""

from datetime import UTC, datetime
from pathlib import Path

from dev.fleet.key_changes import write_first_keys, write_keys
from dev.fleet.meters import make_meters
from dev.fleet.truth import Attack, Record, Sent, Series, read_record, time_of, values_of
from dev.simulator import Meter
from smartyp1.p1 import Decoder, Telegram

WHEN = datetime(2026, 7, 4, 10, 17, 33, tzinfo=UTC)
# 12:17:33 of summer time.
MILLISECONDS = 1783160253_000
TELEGRAM = """\
1-3:0.2.8(42)\r
0-0:1.0.0(260704121733S)\r
0-0:42.0.0(53414731303330373930303037303432)\r
1-0:1.8.0(018802.108*kWh)\r
1-0:22.7.0(00.017*kW)\r
1-1:31.4.0(100*A)(-063*A)\r
0-1:96.3.10(1)\r
1-0:52.36.0(00004)\r
0-0:96.13.0()\r
0-1:24.1.0(004)\r
0-1:96.1.0(48454154303739303030373034323031)\r
0-1:24.2.1(261120230000W)(00428.603*GJ)\r
0-1:24.4.0(1)\r
0-2:24.1.0(007)\r
0-2:96.1.0()\r
0-2:24.2.1(632525252525S)(00000.000)\r
"""


def test_what_a_telegram_says() -> None:
    assert time_of(TELEGRAM) == MILLISECONDS
    assert values_of(TELEGRAM) == {
        Series("active_energy_imported"): 18802.108,
        Series("active_power_exported_l1"): 0.017,
        Series("current_limit_imported"): 100.0,
        Series("current_limit_exported"): -63.0,
        Series("relay_1_control_state"): 1.0,
        Series("voltage_swells_l2"): 4.0,
        Series("index", "1", "heat", "HEAT079000704201"): 428.603,
        Series("valve", "1", "heat", "HEAT079000704201"): 1.0,
    }


def test_winter_time() -> None:
    assert time_of(TELEGRAM.replace("260704121733S", "261231235959W")) == 1798757999_000


def test_no_two_meters_are_alike_and_every_third_has_others_on_its_bus() -> None:
    meters = make_meters(7, 1, 60)
    values = [values_of(meter.telegram_at(WHEN)) for meter in meters]

    assert len({tuple(each.items()) for each in values}) == 60
    assert len({meter.device_name for meter in meters}) == 60
    piped = [meter.number for meter, each in zip(meters, values, strict=True) if len(each) > 41]
    assert piped == [*range(3, 61, 3)]
    types = {series.type for series in values[2]}
    assert types == {"", "gas", "water", "heat"}


def test_the_keys_file_has_the_keys_of_the_meters(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_keys(path, 7, 3)
    assert path.stat().st_mode & 0o777 == 0o600
    meters = make_meters(7, 2, 2)
    lines = path.read_text(encoding="ascii").splitlines()
    for meter, line in zip(meters, lines[1:], strict=True):
        title, key = line.split()
        assert title == Meter(meter.number).system_title.hex().upper()
        [telegram] = Decoder(bytes.fromhex(key)).feed(meter.frame_at(WHEN))
        assert isinstance(telegram, Telegram)
        assert telegram.text.decode("ascii") == meter.last_telegram


def test_of_one_meter_the_key_is_not_there_at_first(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_first_keys(path, 7, 4)
    first = path.read_text(encoding="ascii").splitlines()
    write_keys(path, 7, 4, announced={2})
    later = path.read_text(encoding="ascii").splitlines()
    assert first == [later[1], *later[3:]]
    assert later[0].startswith(Meter(1).system_title.hex().upper())
    assert later[1][:16] == later[2][:16]
    assert later[1] != later[2]


def test_the_record_says_what_was_sent(tmp_path: Path) -> None:
    events: list[Sent | Attack] = [
        Sent(1, 1783160253.25, True, 17, TELEGRAM, "f0"),  # noqa: FBT003
        Attack("tag", 2, 1783160254.5, False),  # noqa: FBT003
    ]
    record = Record(tmp_path / "record")
    for event in events:
        record.write(event)
    assert list(read_record([tmp_path / "record"])) == events
    record.close()
