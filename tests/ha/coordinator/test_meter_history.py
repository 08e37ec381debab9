"""History of a meter for the cards: bounded, for any telegrams."""

import json
from cProfile import Profile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pstats import Stats

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.coordinator.stored.event_history import EventHistory
from custom_components.smarty_p1.coordinator.stored.gas_water_heat_history import MediumHistory
from custom_components.smarty_p1.coordinator.stored.meter_history import MeterHistory
from custom_components.smarty_p1.coordinator.stored.reception_history import ReceptionHistory
from custom_components.smarty_p1.coordinator.stored.voltage_extremes import VoltageHistory
from custom_components.smarty_p1.lib.clock_verdict import ClockVerdict
from custom_components.smarty_p1.lib.meter.meter_reader import MeterReader, Reading
from custom_components.smarty_p1.lib.p1.decoder import Decoder
from custom_components.smarty_p1.lib.p1.telegram import Telegram
from custom_components.smarty_p1.lib.p1.value_converters import MBusReading
from smartyp1.json_types import JsonDict
from tests.ha.meter import seal
from tests.ha.support import TELEGRAM
from tests.json_copy import through_json

START = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def reading(at: datetime) -> Reading:
    [telegram] = Decoder(None).feed(seal(TELEGRAM))
    assert isinstance(telegram, Telegram)
    return MeterReader().read_telegram(telegram, at)


def with_object(of: Reading, reference: str, value: int, at: datetime, ahead: int = 0) -> Reading:
    """Return a reading with another value. Home Assistant's clock is `ahead` days ahead."""
    telegram = replace(of.telegram, time=at, objects={**of.telegram.objects, reference: value})
    return replace(of, telegram=telegram, received_at=at + timedelta(days=ahead))


def captured(kind: str, unit: str, value: float, time: datetime) -> MBusReading:
    return MBusReading(type=kind, serial_number="x", value=value, unit=unit, time=time, valve=None)


def test_events_are_bounded_in_number_and_age() -> None:
    events = EventHistory()
    first = reading(START)
    events.note_reading(first)
    for n in range(1200):
        events.note_reading(with_object(first, "0-0:96.7.21", 100 + n, START + n * HOUR))
    assert len(events.groups["disturbance"]) == 1000
    # A clock that is 400 days ahead, of Home Assistant or of the meter, deletes nothing.
    at = START + timedelta(days=60)
    for n, ahead in enumerate((400, 0)):
        events.note_reading(with_object(first, "0-1:96.3.10", 1 + n % 2, at, ahead))
        future = replace(first.telegram, time=at + timedelta(days=400), objects={})
        events.note_reading(replace(first, telegram=future, received_at=at))
    assert events.groups["disturbance"][0].time == START + 200 * HOUR
    events.groups["switch"].clear()
    events.note_reading(with_object(first, "0-1:96.3.10", 1, START + timedelta(days=401)))
    assert events.groups["disturbance"][0].time == START + 200 * HOUR
    events.note_reading(with_object(first, "0-1:96.3.10", 0, START + timedelta(days=420)))
    assert events.groups["disturbance"][0].time == START + timedelta(days=20)
    assert [each.kind for each in events.groups["switch"]] == ["relay_1", "relay_1"]
    # The event that came while the clock was ahead does not keep the events after it.
    events.note_reading(
        with_object(first, "0-1:96.3.10", 1, START + timedelta(days=421), ahead=1000)
    )
    for day in (422, 900):
        events.note_reading(
            with_object(first, "0-0:96.7.21", 9000 + day, START + timedelta(days=day))
        )
    assert [(each.time - START).days for each in events.groups["disturbance"]] == [900]
    assert [(each.time - START).days for each in events.groups["switch"]] == [1421]


@pytest.mark.parametrize(
    ("reference", "value"), [("0-0:96.7.21", -5), ("1-0:32.7.0", -0.1), ("1-0:52.7.0", 11547.0)]
)
async def test_a_noted_reading_can_be_read_again(
    hass: HomeAssistant, reference: str, value: float
) -> None:
    history = MeterHistory(hass, "one")
    base = reading(START)
    odd = replace(base.telegram, objects={**base.telegram.objects, reference: value})
    for each in (base, replace(base, telegram=odd)):
        history.note_reading(each)
    stored = through_json(history._content())
    assert EventHistory.from_dict(stored["events"]).as_dict() == stored["events"]
    assert VoltageHistory.from_list(stored["voltages"]).as_list() == stored["voltages"]


@pytest.mark.parametrize(
    ("group", "details"),
    [
        ("disturbance", {}),
        ("disturbance", {"count": "2"}),
        ("disturbance", {"count": True}),
        ("switch", {"state": 1}),
        ("message", {"text": None}),
    ],
)
def test_an_event_needs_its_details(group: str, details: dict[str, object]) -> None:
    stored = EventHistory().as_dict()
    stored[group] = [json.dumps([START.isoformat(), None, "power_failure", details])]
    with pytest.raises(ValueError):  # noqa: PT011 - without a text
        EventHistory.from_dict(stored)


@pytest.mark.parametrize(("between", "expected"), [(None, 1), ("", 2)])
def test_a_message_ends_when_an_empty_one_is_sent(between: str | None, expected: int) -> None:
    events = EventHistory()
    first = reading(START)
    for text in ("Kontroll", between, "Kontroll"):
        objects = {**first.telegram.objects, "0-0:96.13.0": text or None}
        if text is None:
            del objects["0-0:96.13.0"]
        events.note_reading(replace(first, telegram=replace(first.telegram, objects=objects)))
    assert len(events.groups["message"]) == expected


def test_gaps_are_bounded_and_the_time_before_them_is_unknown() -> None:
    reception = ReceptionHistory()
    for n in range(1300):
        reception.note_telegram(START + n * timedelta(seconds=70))
    now = START + 1300 * timedelta(seconds=70)
    # There were 1299 gaps of 70 s; the first 299 are forgotten. A further gap lasts.
    gaps = reception.gaps(now)
    assert len(gaps) == 1001
    assert reception.since == gaps[0].start == START + 299 * timedelta(seconds=70)
    with Profile() as profile:
        _, hours = reception.hours(now)
    assert len(hours) == 168
    # From 14:18 on, there are only gaps. Now is 9:46.
    assert hours == [None] * 148 + [0.0] * 20
    # Every card asks each five minutes. Each hour does not look at each gap.
    assert Stats(profile).total_calls < 20_000  # type: ignore[attr-defined]


def test_the_share_of_altered_frames_is_of_24_hours_and_survives_a_restart() -> None:
    reception = ReceptionHistory()
    assert reception.altered_share(START) is None
    reception.note_telegram(START)
    reception.note_altered(START)
    assert reception.altered_share(START) == 0.5
    for hour in range(1, 48):
        reception.note_telegram(START + hour * HOUR)
        for _ in range(3 if hour >= 40 else 15):
            reception.note_altered(START + hour * HOUR)
    stored = through_json(reception.as_dict())
    end = START + 47.5 * HOUR
    for each in (reception, ReceptionHistory.from_dict(stored)):
        assert each.altered_share(end) == round((16 * 15 + 8 * 3) / (16 * 16 + 8 * 4), 3)
        assert each.altered_share(end + 30 * HOUR) is None


def test_a_clock_that_is_400_days_ahead_for_a_while_deletes_no_gap_and_no_voltage() -> None:
    reception, voltages = ReceptionHistory(), VoltageHistory()
    for minute in [*range(30), *range(40, 2000), 578_050, 578_056, *range(2006, 2012)]:
        at = START + timedelta(minutes=minute)
        reception.note_telegram(at)
        voltages.note_voltages(at.timestamp(), [230])
    start, end = START + timedelta(minutes=29), START + timedelta(minutes=40)
    assert reception.gaps(at) == [(start, end)]
    assert reception.since == START
    _, rows = voltages.rows(at)
    assert [row[0] for row in rows].count(230) > 280


def test_days_and_hours_are_bounded() -> None:
    water = MediumHistory("water", "m3")
    for n in range(24 * 420):
        water.note_capture(captured("water", "m3", n / 100, START + n * HOUR))
    assert (len(water.days), len(water.hours)) == (400, 840)
    assert {round(day.amount, 6) for day in list(water.days.values())[1:-1]} <= {0.23, 0.24, 0.25}
    again = MediumHistory.from_dict(through_json(water.as_dict()))
    assert (again.days, again.hours) == (water.days, water.hours)


@pytest.mark.parametrize("a_kwh", [("Wh", 1000.0), ("kWh", 1.0), ("MJ", 3.6)])
def test_the_heat_of_a_house_is_counted_in_every_unit(a_kwh: tuple[str, float]) -> None:
    unit, size = a_kwh
    heat = MediumHistory("heat", unit)
    midnight = datetime(2025, 7, 2, 22, tzinfo=UTC)
    for n in range(25):
        heat.note_capture(captured("heat", unit, n * 12 * size, midnight + n * HOUR))
    assert heat.days[midnight].amount == pytest.approx(24 * 12 * size)


def test_a_day_and_an_hour_are_known_for_no_longer_than_they_last() -> None:
    water = MediumHistory("water", "m3")
    midnight = datetime(2025, 7, 2, 22, tzinfo=UTC)
    # At noon, the clock is set back by two hours.
    for n, hour in enumerate([*range(13), *range(10, 25)]):
        water.note_capture(captured("water", "m3", n / 100, midnight + hour * HOUR))
    # 27 rises; the rise to an earlier time is not counted.
    assert water.days == {midnight: (0.26, 86_400)}
    assert water.hours[midnight + 10 * HOUR] == (0.02, 3600)
    again = MediumHistory.from_dict(water.as_dict())
    assert (again.days, again.hours) == (water.days, water.hours)
    # A file may have more seconds.
    longer = {"days": "20250702T22:0.26:93600.0", "hours": "20250703T08:0.02:7200.0"}
    again = MediumHistory.from_dict(water.as_dict() | longer)
    assert again.days == water.days
    assert again.hours == {midnight + 10 * HOUR: (0.02, 3600)}


@pytest.mark.parametrize(
    ("captures", "kind", "unit", "days"),
    [
        # One capture without a kind, or with another unit or kind, erases nothing.
        ([("unknown", "m3")], "gas", "m3", 2),
        ([("unknown", "m3"), ("unknown", "m3")], "gas", "m3", 2),
        ([("gas", "kWh")], "gas", "m3", 2),
        ([("water", "m3"), ("gas", "kWh")], "gas", "m3", 2),
        # A later capture confirms that another meter is there.
        ([("water", "m3"), ("water", "m3")], "water", "m3", 0),
    ],
)
async def test_a_history_lasts_until_another_kind_is_confirmed(
    hass: HomeAssistant, captures: list[tuple[str, str]], kind: str, unit: str, days: int
) -> None:
    history = MeterHistory(hass, "one")
    base = reading(START)
    for n, capture in enumerate([*[("gas", "m3")] * 24, *captures]):
        at = START + n * HOUR
        meter = captured(*capture, n / 100, at)
        for seconds in (0, 10):  # the second telegram repeats the capture
            channels = {1: meter, 2: captured("heat", "GJ", seconds, at)}
            telegram = replace(base.telegram, channels=channels)
            later = at + timedelta(seconds=seconds)
            history.note_reading(
                replace(base, telegram=telegram, channels={"x": 1, "y": 2}, received_at=later)
            )
    medium = history.media["x"]
    assert (medium.kind, medium.unit, len(medium.days)) == (kind, unit, days)


@pytest.mark.parametrize(("kind", "value"), [("gas", None), ("unknown", 9.0), ("water", 9.0)])
async def test_a_capture_before_the_file_is_read_loses_no_history(
    hass: HomeAssistant, kind: str, value: float | None
) -> None:
    before, history = MeterHistory(hass, "before"), MeterHistory(hass, "one")
    base = reading(START)

    def note(to: MeterHistory, hour: int, kind: str, value: float | None) -> None:
        at = START + hour * HOUR
        meter = replace(captured(kind, "m3", 0, at), value=value)
        telegram = replace(base.telegram, channels={1: meter})
        to.note_reading(replace(base, telegram=telegram, channels={"x": 1}, received_at=at))

    note(before, 0, "gas", 0.0)
    note(before, 1, "gas", 1.0)
    note(history, 2, kind, value)
    await history._async_join(history._parse(through_json(before._content())))
    note(history, 3, "gas", 5.0)
    [day] = history.media["x"].days.values()
    assert day.amount == pytest.approx(5.0)


async def test_gas_of_a_clock_that_has_lost_its_time_is_of_the_true_days(
    hass: HomeAssistant,
) -> None:
    history, base = MeterHistory(hass, "one"), reading(START)
    for n in range(24):
        at = START + n * HOUR
        # The clock starts in 2010 after a power failure, and is set right after ten hours.
        deviation = datetime(2010, 1, 1, tzinfo=UTC) - START if 5 <= n < 15 else timedelta()
        for minutes in (5, 10):  # the second telegram repeats the capture
            time = at + timedelta(minutes=minutes)
            gas = captured("gas", "m3", n / 100, at + deviation)
            telegram = replace(base.telegram, channels={1: gas}, time=time + deviation)
            history.note_reading(
                replace(
                    base,
                    telegram=telegram,
                    channels={"x": 1},
                    received_at=time,
                    clock=ClockVerdict(deviation),
                )
            )
    days = history.media["x"].days
    assert [day.date() for day in days] == [START.date() - timedelta(days=1), START.date()]
    assert sum(day.amount for day in days.values()) == pytest.approx(0.23)


async def test_a_clock_a_year_ahead_makes_no_days_of_next_year(hass: HomeAssistant) -> None:
    history = MeterHistory(hass, "one")
    base = reading(START)
    for n in range(24):
        at = START + n * HOUR
        gas = captured("gas", "m3", n / 100, at + timedelta(days=365))
        for minutes in range(0, 60, 5):  # the captures of heat come more often
            later = at + timedelta(minutes=minutes)
            channels = {1: gas, 2: captured("heat", "GJ", 1.0, later)}
            telegram = replace(base.telegram, channels=channels)
            history.note_reading(
                replace(base, telegram=telegram, channels={"x": 1, "y": 2}, received_at=later)
            )
    days = history.media["x"].days
    assert [day.date() for day in days] == [START.date() - timedelta(days=1), START.date()]
    assert [day.amount for day in days.values()] == [pytest.approx(0.135), pytest.approx(0.095)]


@pytest.mark.parametrize(
    ("hours", "amount"), [("8 9- 10- 11- 12- 13", 5), ("8 13", 5), ("8 9 10 8- 9- 11", 3)]
)
async def test_a_late_capture_counts_once(hass: HomeAssistant, hours: str, amount: float) -> None:
    """1 m³ is used each hour; `-` marks a late telegram."""
    history = MeterHistory(hass, "one")
    base = reading(START)
    for hour in hours.split():
        at = START + int(hour.rstrip("-")) * HOUR
        channels = {1: captured("gas", "m3", int(hour.rstrip("-")), at)}
        telegram = replace(base.telegram, channels=channels)
        clock = ClockVerdict(is_current=not hour.endswith("-"))
        history.note_reading(
            replace(base, telegram=telegram, channels={"x": 1}, received_at=at, clock=clock)
        )
    [sums] = history.media["x"].days.values()
    assert sums.amount == pytest.approx(amount)
    # A late telegram does not change the reception.
    assert len(history.reception.gaps(at)) == sum("-" not in hour for hour in hours.split()) - 1


async def test_a_full_history_is_a_small_file(hass: HomeAssistant) -> None:
    """The file has a year and a day of all kinds of values, and is written each hour."""
    history = MeterHistory(hass, "one")
    base = reading(START)
    for n in range(288):
        history.note_reading(replace(base, received_at=START + n * timedelta(minutes=5)))
    for kind, unit in (("gas", "m3"), ("water", "m3"), ("heat", "GJ")):
        medium = history.media[kind] = MediumHistory(kind, unit)
        for n in range(24 * 400):
            medium.note_capture(captured(kind, unit, n * 0.123, START + n * HOUR))
    # 86 kB, 24 times a day.
    assert len(json.dumps(history._content(), indent=2)) < 112_000


@pytest.mark.parametrize("split", range(1, 8))
async def test_a_file_that_is_read_late_is_the_past_of_the_new_readings(
    hass: HomeAssistant, split: int
) -> None:
    base, readings = reading(START), list[Reading]()
    for n in range(8):
        at = START + n * timedelta(minutes=40)
        changes: JsonDict = {"0-0:96.7.21": 99 + n // 2, "0-0:96.13.0": f"text {n // 3}"}
        objects = {**base.telegram.objects, **changes}
        channels = {1: captured("gas", "m3", n / 10, at), 2: captured("water", "m3", n / 7, at)}
        telegram = replace(base.telegram, time=at, objects=objects, channels=channels)
        identities = {"x": 1, "y": 2} if n % 3 else {"x": 1}
        readings.append(replace(base, telegram=telegram, channels=identities, received_at=at))
    whole, before, late = (MeterHistory(hass, name) for name in ("whole", "before", "late"))
    for n, each in enumerate(readings):
        whole.note_reading(each)
        (before if n < split else late).note_reading(each)
    stored = through_json(before._content())
    await late._async_join(late._parse(stored))
    joined, expected = (through_json(each._content()) for each in (late, whole))
    assert joined["voltages"] == expected["voltages"]
    assert joined["reception"] == expected["reception"]
    assert joined["events"] == expected["events"]
    for (name, medium), (_, other) in zip(
        sorted(joined["media"]), sorted(expected["media"]), strict=True
    ):
        sums = [MediumHistory.from_dict(each) for each in (medium, other)]
        for days in zip(*(each.days.values() for each in sums), strict=True):
            assert days[0] == pytest.approx(days[1], abs=1e-5), name
        for hours in zip(*(each.hours.values() for each in sums), strict=True):
            assert hours[0] == pytest.approx(hours[1], abs=1e-5), name
        assert (sums[0].time, sums[0].index) == (sums[1].time, sums[1].index)
