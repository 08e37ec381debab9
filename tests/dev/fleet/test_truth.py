"""What the meters of a fleet send, and how it is written down."""

from pathlib import Path

from dev.fleet.truth import Attack, Record, Sent, Series, read_record, time_of, values_of

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
