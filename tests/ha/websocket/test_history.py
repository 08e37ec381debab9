"""Voltages, events and media: values without an entity, by websocket, kept over restarts."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.websocket import gas_water_heat, meters, quality
from smartyp1.json_types import JsonDict
from tests.ha.dialogs import submit
from tests.ha.meter import with_value
from tests.ha.support import TELEGRAM, Home, reload_entry, remove_entry, set_up_entry, unload_entry
from tests.ha.topic import Clock

from .conftest import Client, Site, ask

START = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock by which telegrams are received and answers are given."""
    clock = Clock(monkeypatch, START)
    for module in (quality, gas_water_heat, meters):
        monkeypatch.setattr(module, "dt_util", SimpleNamespace(utcnow=lambda: clock.now))
    return clock


@pytest.fixture
async def meter(home: Home, clock: Clock) -> MockConfigEntry:
    assert clock.now == START
    return await home.set_up()


class Sender(Site):
    """A home whose meter sends telegrams of this and that, at this and that time."""

    def __init__(self, home: Home, client: Client, entry: MockConfigEntry, clock: Clock) -> None:
        super().__init__(home, client, entry)
        self._clock = clock
        self.text = TELEGRAM

    async def send(self, after: timedelta, **objects: str) -> None:
        """Send the last telegram with other objects: `r1_0_32_7_0` for 1-0:32.7.0."""
        self._clock.now += after
        local = self._clock.now + 2 * HOURS
        self.text = with_value(self.text, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}S)")
        for name, value in objects.items():
            a, b, c, d, e = name.removeprefix("r").split("_")
            self.text = with_value(self.text, f"{a}-{b}:{c}.{d}.{e}", value)
        await self.receive(self.text)


@pytest.fixture
def sender(home: Home, client: Client, meter: MockConfigEntry, clock: Clock) -> Sender:
    return Sender(home, client, meter, clock)


SECONDS = timedelta(seconds=10)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


async def test_the_lowest_and_highest_voltages_of_five_minutes(sender: Sender) -> None:
    # At first 233.1, 231.2 and 229.3 V.
    await sender.send(SECONDS, r1_0_32_7_0="(254.2*V)", r1_0_52_7_0="(200.0*V)")
    await sender.send(SECONDS, r1_0_32_7_0="(230.0*V)", r1_0_72_7_0="()")
    await sender.send(5 * MINUTES, r1_0_52_7_0="(231.0*V)")

    answer = await sender.ask("voltages")

    assert (answer["step"], answer["unit"], answer["limits"]) == (300, "V", [207.0, 253.0])
    # 24 hours; the last five minutes are those from 8:35.
    assert answer["start"] == "2025-07-02T08:40:00+00:00"
    phases = answer["phases"]
    assert {len(values) for phase in phases.values() for values in phase.values()} == {288}
    assert phases["L1"]["lowest"][-3:] == [None, 230.0, 230.0]
    assert phases["L1"]["highest"][-3:] == [None, 254.2, 230.0]
    assert phases["L2"]["lowest"][-2:] == [200.0, 231.0]
    assert phases["L3"]["lowest"][-2:] == [229.3, None]


async def test_a_phase_that_never_had_a_voltage_is_none(
    home: Home, client: Client, clock: Clock
) -> None:
    text = with_value(with_value(TELEGRAM, "1-0:52.7.0", "(000.0*V)"), "1-0:72.7.0", "(001.1*V)")
    entry = await home.set_up(text)
    assert [*(await ask(client, "voltages", entry_id=entry.entry_id))["phases"]] == ["L1"]
    assert (await ask(client, "meters"))["meters"][0]["phases"] == 1
    # A phase that was there and is lost still counts.
    sender = Sender(home, client, entry, clock)
    await sender.send(SECONDS)
    await sender.send(SECONDS, r1_0_52_7_0="(000.0*V)")
    assert [*(await ask(client, "voltages", entry_id=entry.entry_id))["phases"]][:2] == ["L1", "L2"]
    assert (await ask(client, "meters"))["meters"][0]["phases"] == 3


async def test_voltages_older_than_a_day_are_forgotten(sender: Sender) -> None:
    await sender.send(24 * HOURS - 5 * MINUTES)
    answer = await sender.ask("voltages")
    assert answer["phases"]["L1"]["highest"][0] == 233.1
    await sender.send(5 * MINUTES)
    answer = await sender.ask("voltages")
    assert answer["phases"]["L1"]["highest"][0] is None


async def test_each_step_of_a_counter_has_a_time(sender: Sender) -> None:
    # 99 failures, 40 + 3 + 2 sags and 5 + 6 + 7 swells before the first reading.
    first = await sender.ask("events")
    assert (first["disturbances"], first["switches"], first["messages"]) == ([], [], [])
    assert first["undated"] == {"power_failure": 99, "voltage_sag": 45, "voltage_swell": 18}

    await sender.send(SECONDS, r1_0_32_32_0="(00042)", r1_0_52_32_0="(00004)")
    await sender.send(SECONDS)
    await sender.send(2 * HOURS, r0_0_96_7_21="(00100)")

    answer = await sender.ask("events")
    sag, failure = answer["disturbances"]
    assert (sag["kind"], sag["count"]) == ("voltage_sag", 3)
    assert (sag["after"], sag["time"]) == ("2025-07-03T08:30:00+00:00", "2025-07-03T08:30:10+00:00")
    # The failure ended the telegrams: it was at some time within two hours.
    assert failure == {
        "kind": "power_failure",
        "count": 1,
        "after": "2025-07-03T08:30:20+00:00",
        "time": "2025-07-03T10:30:20+00:00",
    }
    assert answer["undated"] == first["undated"]


async def test_a_dated_disturbance_is_not_undated_too(
    home: Home, client: Client, clock: Clock
) -> None:
    text = TELEGRAM
    for phase in (32, 52, 72):
        text = with_value(text, f"1-0:{phase}.36.0", "(00000)")
    sender = Sender(home, client, await home.set_up(text), clock)
    sender.text = text
    await sender.send(SECONDS, r1_0_32_36_0="(00001)")
    assert (await sender.ask("events"))["undated"]["voltage_swell"] == 0


async def test_switches_and_messages(sender: Sender) -> None:
    text = b"Hello".hex()
    await sender.send(SECONDS, r0_1_96_3_10="(1)", r0_0_96_13_0=f"({text})")
    await sender.send(SECONDS, r0_0_96_3_10="(0)", r0_0_96_13_0="()")
    await sender.send(SECONDS, r0_0_96_13_0=f"({text})")

    answer = await sender.ask("events")

    assert [
        (switch["kind"], switch["state"], switch["time"][11:19]) for switch in answer["switches"]
    ] == [
        ("relay_1", "connected", "08:30:10"),
        ("breaker", "disconnected", "08:30:20"),
    ]
    # A text that comes back after the message was empty is a new one.
    assert [
        (message["kind"], message["text"], message["time"][11:19]) for message in answer["messages"]
    ] == [
        ("message", "Hello", "08:30:10"),
        ("message", "Hello", "08:30:30"),
    ]


async def test_reception_by_hour_and_the_longest_gaps(sender: Sender, clock: Clock) -> None:
    for after in (MINUTES, 18 * MINUTES, 40 * MINUTES):
        await sender.send(after)
    clock.now += 31 * MINUTES  # 10:00

    reception = (await sender.ask("events"))["reception"]

    assert (reception["since"], reception["step"]) == ("2025-07-03T08:30:00+00:00", 3600)
    assert len(reception["received"]) == 168
    # A single minute of half an hour; nothing of the next hour, nor of the beginning one.
    assert reception["received"][-4:] == [None, 0.033, 0.0, None]
    assert [gap["start"][11:16] for gap in reception["longest_gaps"]] == [
        "08:49",
        "09:29",
        "08:31",
    ]
    assert reception["longest_gaps"][1]["end"] == "2025-07-03T10:00:00+00:00"


async def test_media_by_days_and_water_by_hours(sender: Sender) -> None:
    # Captured at 8:30 UTC: 28.103 m³ of water, 678.901 m³ of gas.
    await sender.send(HOURS, r0_2_24_2_1="(250703120000S)(00028.253*m3)")
    await sender.send(HOURS, r0_2_24_2_1="(250703130000S)(00028.257*m3)")
    await sender.send(HOURS, r0_2_24_2_1="(250703140000S)(00028.257*m3)")
    # From before midnight in Luxembourg till after it, in too long a time; then whole hours again.
    await sender.send(12 * HOURS, r0_2_24_2_1="(250704020000S)(00029.257*m3)")
    await sender.send(HOURS, r0_2_24_2_1="(250704030000S)(00029.357*m3)")
    found = (await sender.ask("media"))["media"]

    gas, water, heat = sorted(found, key=lambda each: ["gas", "water", "heat"].index(each["type"]))
    # 150 L in an hour and a half: 50 L in the half hour, whose rest is unknown.
    hours, values = water["hours"], water["hours"]["values"]
    assert hours["start"] == "2025-07-03T08:00:00+00:00"
    assert (hours["step"], hours["unit"]) == (3600, "L")
    assert values[:4] == [None, 100, 4, 0]
    assert values[4:16] == [None] * 12
    assert values[16:] == [100]
    assert (water["unit"], water["index"]) == ("m3", 29.357)
    assert (gas["days"], gas["hours"], gas["index"]) == (None, None, 678.901)
    assert (heat["unit"], heat["hours"]) == ("GJ", None)

    # The whole rest of a day in one, as a meter does that is read once a day.
    await sender.send(21 * HOURS, r0_2_24_2_1="(250705000000S)(00030.000*m3)")
    [water] = [each for each in (await sender.ask("media"))["media"] if each["type"] == "water"]
    assert water["days"] == {
        "start": "2025-07-03",
        "amounts": [0.154, 0.743],
        "known": [0.146, 0.917],
    }


async def test_an_index_that_falls_or_leaps_is_of_no_day(sender: Sender) -> None:
    # Captured at 8:30 UTC: 678.901 m³.
    await sender.send(HOURS, r0_1_24_2_1="(250703120000S)(99999.000*m3)")
    await sender.send(HOURS, r0_1_24_2_1="(250703130000S)(00679.500*m3)")
    # A clock that is 26 hours ahead: the capture counts for the time of the telegram.
    await sender.send(HOURS, r0_1_24_2_1="(250704160000S)(00679.700*m3)")
    found = (await sender.ask("media"))["media"]
    [gas] = [each for each in found if each["type"] == "gas"]
    assert gas["days"] == {"start": "2025-07-03", "amounts": [0.799], "known": [0.125]}


async def test_a_total_that_is_held_back_is_told_until_it_goes_on(sender: Sender) -> None:
    await sender.send(HOURS, r0_1_24_2_1="(250703110000S)(00000.000*m3)")
    assert (await sender.ask("events"))["held"] == [
        {
            "total": "GAS 079000257401",
            "shown": 678.901,
            "sent": 0.0,
            "since": "2025-07-03T11:00:00+02:00",
        }
    ]
    await sender.send(HOURS, r0_1_24_2_1="(250703120000S)(00679.000*m3)")
    assert (await sender.ask("events"))["held"] == []


async def test_a_day_without_a_capture_is_unknown(sender: Sender) -> None:
    # Captured at 8:30 UTC: 678.901 m³.
    await sender.send(HOURS, r0_1_24_2_1="(250703120000S)(00700.000*m3)")
    await sender.send(HOURS, r0_1_24_2_1="(250703130000S)(00700.500*m3)")
    await sender.send(48 * HOURS, r0_1_24_2_1="(250705130000S)(00703.000*m3)")
    await sender.send(HOURS, r0_1_24_2_1="(250705140000S)(00703.250*m3)")
    found = (await sender.ask("media"))["media"]
    [gas] = [each for each in found if each["type"] == "gas"]
    assert gas["days"] == {
        "start": "2025-07-03",
        "amounts": [21.599, None, 0.25],
        "known": [0.104, 0.0, 0.042],
    }


async def test_the_history_is_known_after_a_restart(sender: Sender, clock: Clock) -> None:
    await sender.send(SECONDS, r1_0_32_32_0="(00042)", r0_2_24_2_1="(250703110000S)(00028.253*m3)")
    await sender.send(5 * MINUTES, r0_1_96_3_10="(1)")
    clock.now += 2 * MINUTES
    before = {name: await sender.ask(name) for name in NAMES}

    await sender.again(with_value(sender.text, "0-0:96.7.21", "(00101)"))

    after = {name: await sender.ask(name) for name in NAMES}
    # A failure during the restart is noticed.
    failure = after["events"]["disturbances"].pop()
    assert (failure["kind"], failure["count"]) == ("power_failure", 2)
    assert after == before


@pytest.mark.usefixtures("sender")
async def test_the_other_meters_are_listed_before_the_first_telegram_after_a_restart(
    hass: HomeAssistant, client: Client, meter: MockConfigEntry
) -> None:
    [before] = (await ask(client, "meters"))["meters"]
    assert await reload_entry(hass, meter)
    [after] = (await ask(client, "meters"))["meters"]
    assert after["state"] == "waiting"
    by_name = {each["meter"]: each for each in after["media"]}
    assert by_name == {each["meter"]: each for each in before["media"]}
    assert len(by_name) == 3


async def test_gas_has_its_energy_once_it_is_entered_and_nothing_is_lost(
    sender: Sender,
) -> None:
    await sender.send(HOURS, r0_1_24_2_1="(250703120000S)(00680.901*m3)")
    before = {each["type"]: each for each in await media_of(sender.client, sender.entry)}
    sender.port.greeting = sender.port.next_frame(sender.text)
    form = await sender.page("gas")
    typed = {"gas_kwh_per_m3": 11.2}
    await submit(sender.hass, form, typed)

    after = {each["type"]: each for each in await media_of(sender.client, sender.entry)}
    assert before["gas"]["days"]["amounts"] == [2.0]
    assert after == before | {"gas": before["gas"] | {"kwh_per_m3": 11.2}}
    [found] = (await ask(sender.client, "meters"))["meters"]
    told = {each["type"]: each["kwh_per_m3"] for each in found["media"]}
    assert told == {"gas": 11.2, "water": None, "heat": None}


async def test_gas_in_euros_of_the_meter_and_of_the_one_it_has_replaced(
    home: Home, client: Client, clock: Clock
) -> None:
    entry = await home.set_up(gas_price=0.9, gas_fixed_price=15.5)
    sender = Sender(home, client, entry, clock)
    # From 10:30 on 3 July: 678.901 m³. All of the 4th in one.
    await sender.send(13 * HOURS, r0_1_24_2_1="(250704000000S)(00681.001*m3)")
    await sender.send(25 * HOURS, r0_1_24_2_1="(250705000000S)(00684.001*m3)")

    gas, water, heat = await gas_first(sender.client, entry)
    assert (water["costs"], heat["costs"]) == (None, None)
    # 3 m³ and the fixed price of a day of 31. Of the 3rd, 2.1 m³ are known, and not the morning.
    costs = gas["costs"]
    assert (costs["per_m3"], costs["per_month"], costs["year_ago"]) == (0.9, 15.5, None)
    assert costs["month"].pop("days")["amounts"][:4] == [0.5, 0.5, 2.39, 3.2]
    assert costs["month"] == {
        "month": "2025-07",
        "first": 4,
        "last": 4,
        "missing_days": 0,
        "m3": 3.0,
        "used": 2.7,
        "fixed": 0.5,
        "total": 3.2,
    }

    # The first of two gas meters has the fixed price.
    media = entry.runtime_data.records.history.media
    media["SECOND"] = next(each for each in media.values() if each.kind == "gas").copy()
    both = [each["costs"] for each in await media_of(sender.client, entry) if each["type"] == "gas"]
    totals = [(each["per_month"], each["month"]["fixed"], each["month"]["total"]) for each in both]
    assert totals == [(15.5, 0.5, 3.2), (0.0, 0.0, 2.7)]


async def gas_first(client: Client, entry: MockConfigEntry) -> list[JsonDict]:
    """Return the counts of the meters on the M-Bus: gas, the newest meter first, water, heat."""
    found = reversed(await media_of(client, entry))
    return sorted(found, key=lambda each: ["gas", "water", "heat"].index(each["type"]))


async def media_of(client: Client, entry: MockConfigEntry) -> list[JsonDict]:
    found: list[JsonDict] = (await ask(client, "media", entry_id=entry.entry_id))["media"]
    return found


NAMES = ("voltages", "events", "media")


async def test_the_history_is_written_once_an_hour_and_an_event_within_five_minutes(
    sender: Sender, hass_storage: JsonDict
) -> None:
    key = f"smarty_p1.{sender.entry.entry_id}.history"

    def sags() -> int:
        count: int = hass_storage[key]["data"]["events"]["counts"]["voltage_sag L1"]
        return count

    # A file that was never written is written soon.
    await sender.let_pass(1)
    assert sags() == 40
    await sender.send(SECONDS, r1_0_32_32_0="(00041)")
    await sender.let_pass(1)
    assert sags() == 41
    # A running counter wears out no memory card.
    await sender.send(SECONDS, r1_0_32_32_0="(00042)")
    await sender.let_pass(290)
    assert sags() == 41
    await sender.let_pass(301)
    assert sags() == 42
    await remove_entry(sender.hass, sender.entry)
    assert key not in hass_storage


async def test_a_part_that_is_damaged_begins_anew_alone(
    sender: Sender, hass_storage: JsonDict, caplog: pytest.LogCaptureFixture
) -> None:
    await sender.send(SECONDS, r1_0_32_32_0="(00041)")
    await unload_entry(sender.hass, sender.entry)
    data = hass_storage[f"smarty_p1.{sender.entry.entry_id}.history"]["data"]
    data["voltages"] = ["5846400 1 2 x"]
    for (_, medium), days in zip(data["media"], ("1:2:3", "1:3600", "1:3600"), strict=True):
        medium["days"] = f"20250703T22:{days}"
    await sender.port.wait_for_clients(0)
    await set_up_entry(sender.hass, sender.entry)
    await sender.send(SECONDS)
    answer = await sender.ask("events")
    assert [disturbance["kind"] for disturbance in answer["disturbances"]] == ["voltage_sag"]
    assert "(voltages, media)" in caplog.text
    media = await media_of(sender.client, sender.entry)
    # The meters that are not damaged keep their days.
    assert [bool(each["days"]) for each in media] == [False, True, True]
