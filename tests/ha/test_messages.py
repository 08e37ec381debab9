"""Messages: each arrives once, at the chosen recipients or as a notification."""

import asyncio
import threading
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from homeassistant.components.notify.const import NotifyEntityFeature
from homeassistant.components.persistent_notification import DOMAIN as NOTIFICATION
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smarty_p1.coordinator import telegram_source
from custom_components.smarty_p1.lib import failure_detection
from custom_components.smarty_p1.lib.markdown_text import as_plain
from custom_components.smarty_p1.lib.messages.goal_watch import goal_outlook
from custom_components.smarty_p1.lib.messages.message import HouseholdMessage
from custom_components.smarty_p1.lib.messages.monthly_report import monthly_report
from custom_components.smarty_p1.messages import (
    MessageOptions,
    async_share_target,
    meter_watch,
    report_data,
)
from custom_components.smarty_p1.messages.sending import async_send
from smartyp1.json_types import JsonDict

from . import billed_month
from .dialogs import schema_of
from .meter import OTHER_KEY, OTHER_SERIAL, SERIAL, MeterPort, encipher, with_value
from .recipients import Clock, Phone, add, options
from .support import (
    OTHER_METER,
    PATIENCE,
    TELEGRAM,
    Home,
    Passed,
    at,
    call,
    reload_entry,
    remove_entry,
    said,
    smarty_entry,
    with_contract,
)


class Silent(Phone):
    """Recipient that does not answer before it is asked to."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.may_answer = asyncio.Event()

    async def async_send_message(self, message: str, title: str | None = None) -> None:
        await self.may_answer.wait()
        await super().async_send_message(message, title)


class Printer(Phone):
    """Recipient without titles."""

    _attr_supported_features = NotifyEntityFeature(0)


def notifications(hass: HomeAssistant) -> list[tuple[str | None, str]]:
    return [(each["title"], each["message"]) for each in hass.data.get(NOTIFICATION, {}).values()]


def message(text: str) -> str:
    return with_value(TELEGRAM, "0-0:96.13.0", f"({text.encode().hex().upper()})")


class House(Home):
    """A home with a phone, and the clock of the messages."""

    clock: Clock
    storage: dict[str, Any]

    async def go_to(self, time: str) -> None:
        await self.clock.go_to(self.hass, time)

    async def hear(self, *texts: str) -> None:
        """Let the grid operator send these texts, one after the other."""
        for text in texts:
            await self.receive(message(text))
            await self.hass.async_block_till_done()

    async def set_up_at(self, time: str, **more: float) -> None:
        """Set a billed month up at a time, to be reported to the phone."""
        self.clock.now = datetime.fromisoformat(time)
        await billed_month.set_up(self, self.storage)
        await self.again_at_midnight(billed_month.OPTIONS | options("monthly_report") | more)

    async def again_at_midnight(self, options: JsonDict | None = None) -> None:
        await self.again(billed_month.telegram("00:00:00", 0.0), options)


@pytest.fixture
async def house(home: Home, hass_storage: JsonDict, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(home.hass, home.port, home.make_entry)
    house.clock, house.storage = await Clock.started(home.hass, monkeypatch), hass_storage
    return house


@pytest.fixture
async def phone(house: House) -> Phone:
    phone = Phone("Phone")
    await add(house.hass, phone)
    return phone


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """Return the days of the reports that were begun; they are made in a thread."""
    days: list[date] = []

    async def note(*asked: Any) -> HouseholdMessage | None:  # noqa: ANN401 - passed on
        days.append(asked[-1])
        return await report_data.async_report(*asked)

    monkeypatch.setattr(meter_watch, "async_report", note)
    return days


async def test_ignored_and_disabled_meters_do_not_count(house: House, phone: Phone) -> None:
    hass = house.hass
    ignored = smarty_entry(source=SOURCE_IGNORE, unique_id=OTHER_SERIAL, title="Ignored")
    disabled = smarty_entry(
        unique_id="SAG1030700000043",
        disabled_by=ConfigEntryDisabler.USER,
        options=options("silent", to=("notify.elsewhere",)),
    )
    for entry in (ignored, disabled):
        entry.add_to_hass(hass)
    await house.set_up(**options("silent"))
    await house.go_to("2026-11-17 13:01:00")
    assert [title for title, _ in phone.shown] == ["No readings from the meter"]

    form = await house.page("goal_and_messages")
    assert "for_all_meters" not in schema_of(form).schema
    before = [dict(entry.options) for entry in (ignored, disabled)]
    async_share_target(hass, house.entry, MessageOptions.of(house.entry))
    assert [dict(entry.options) for entry in (ignored, disabled)] == before


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_silence_causes_one_message_and_so_does_its_end(
    house: House, phone: Phone, language: str
) -> None:
    house.hass.config.language = language
    printer = Printer("Printer")
    await add(house.hass, printer)
    await house.set_up(**options("silent", to=("notify.phone", "notify.printer")))
    await house.receive(TELEGRAM)
    await house.go_to("2026-11-17 12:59:00")
    assert phone.shown == []
    await house.go_to("2026-11-17 13:01:00")
    silent = {
        "en": (
            "No readings from the meter",
            "Since 12:00. Check cable and reader. The meter itself keeps counting.",
        ),
        "fr": (
            "Pas de relevés du compteur",
            "Depuis 12:00. Vérifiez câble et lecteur. Le compteur, lui, continue de compter.",
        ),
    }[language]
    assert phone.shown == [silent]
    # A recipient without titles gets the title in the text.
    assert printer.shown == [(None, "\n".join(silent))]

    # Another minute or a restart repeats no message.
    await house.go_to("2026-11-17 13:02:00")
    assert await reload_entry(house.hass, house.entry)
    await house.go_to("2026-11-17 14:30:00")
    assert phone.shown == [silent]

    house.answer()
    await house.reload()
    await house.go_to("2026-11-17 14:31:00")
    await house.go_to("2026-11-17 14:32:00")
    back = {
        "en": "The energy is complete, the quarter-hours between are missing.",
        "fr": "L'énergie est complète, les quarts d'heure entre les deux manquent.",
    }[language]
    [text] = [text for _, text in phone.shown[1:]]
    assert text.endswith(back)
    assert "12:00" in text
    assert "14:30" in text
    assert notifications(house.hass) == []


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        ("en", "No readings 15 Oct, 18:10 \N{EN DASH} 23:20."),
        ("de", "Keine Werte 15. Okt., 18:10 \N{EN DASH} 23:20."),
        ("fr", "Sans relevés 15 oct., 18:10 \N{EN DASH} 23:20."),
        ("lb", "Keng Wäerter 15. Okt, 18:10 \N{EN DASH} 23:20."),
        ("pt", "Sem leituras 15 de out., 18:10 \N{EN DASH} 23:20."),
    ],
)
async def test_times_of_another_day_are_written_as_on_cards(
    house: House, phone: Phone, language: str, begins: str
) -> None:
    house.hass.config.language = language
    entry = await house.set_up()
    times = {"from_at": "2026-10-15T18:10:00+02:00", "until_at": "2026-10-15T23:20:00+02:00"}
    await async_send(house.hass, entry, [phone.entity_id], HouseholdMessage("back", times))
    [(_, text)] = phone.shown
    assert text.startswith(begins)


async def test_a_message_that_can_wait_comes_in_the_morning(house: House, phone: Phone) -> None:
    house.clock.now = datetime.fromisoformat("2026-11-17T23:00:00+01:00")
    await house.set_up(**options("silent", "grid"))
    await house.receive(with_value(TELEGRAM, "0-0:96.7.21", "(00100)"))
    await house.receive(with_value(TELEGRAM, "0-0:96.7.21", "(00102)"))
    await house.receive(with_value(message("Kontroll"), "0-0:96.7.21", "(00102)"))
    await house.go_to("2026-11-18 00:31:00")
    assert phone.shown == [("Message of the grid operator", "Kontroll")]
    await house.go_to("2026-11-18 07:00:30")
    assert phone.shown[1:] == [
        # The meter sent nothing after 23:00.
        (
            "No readings from the meter",
            "Since 17 Nov, 23:00. Check cable and reader. The meter itself keeps counting.",
        ),
        ("Power failure", "At 17 Nov, 23:00. Number that the meter has counted: 2."),
    ]


async def test_a_report_that_takes_long_delays_no_alarm(
    house: House, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.set_up_at("2026-05-31T20:00:00+02:00")
    more = options("monthly_report", "silent")
    await house.again_at_midnight(billed_month.OPTIONS | more)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow_report(*_values: object) -> None:
        begun.set()
        await may_end.wait()

    monkeypatch.setattr(meter_watch, "async_report", slow_report)
    house.clock.now = datetime.fromisoformat("2026-06-01T08:00:00+02:00")
    Passed.seconds += 12 * 3600
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=61))
    await house.wait_until(begun.is_set)
    await house.wait_until(lambda: bool(phone.shown))
    assert [title for title, _ in phone.shown] == ["No readings from the meter"]
    may_end.set()
    await house.wait_until(lambda: not house.clock.looks)


async def test_a_silence_names_its_cause_and_a_new_key_is_asked_for(
    house: House, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Minutes pass in no time. Their passing must not close the port, nor let the bytes be
    # forgotten.
    monkeypatch.setattr(telegram_source, "SILENCE_TIMEOUT_S", None)
    monkeypatch.setattr(failure_detection, "_MAX_RUN_PAUSE_S", 600.0)
    await house.set_up(**options("silent"))
    await house.receive(TELEGRAM)

    report = house.entry.runtime_data.source.report

    async def send_unreadable(time: str, first: int) -> None:
        for n in range(first, first + 7):
            frame = encipher(TELEGRAM, n, key=OTHER_KEY)
            size = report.size + len(frame)
            await house.port.send(frame)
            await house.wait_until(lambda: report.size == size)  # noqa: B023
            house.clock.now += timedelta(seconds=10)
            await house.let_pass(10)
        await house.go_to(time)

    # This key was right in the last day, so the bytes may be altered.
    house.clock.now = datetime.fromisoformat("2026-11-17T12:59:10+01:00")
    Passed.seconds += 59 * 60 + 10
    await send_unreadable("2026-11-17 13:00:21", 1000)
    [(title, text)] = phone.shown
    assert title == "No readings from the meter"
    assert "altered on the way, or a new key." in text
    house.clock.now = datetime.fromisoformat("2026-11-18T13:00:00+01:00")
    Passed.seconds += 24 * 3600
    await send_unreadable("2026-11-18 13:01:11", 2000)
    [(title, text)] = phone.shown[1:]
    assert title == "A new key is needed"
    assert text.startswith("No readings since 17 Nov, 12:00. Enter the key under Settings")
    await house.go_to("2026-11-18 13:03:00")
    assert len(phone.shown) == 2


async def test_an_exchanged_gas_meter_causes_a_message(house: House, phone: Phone) -> None:
    await house.set_up(TELEGRAM, **options("grid"))
    await house.receive(TELEGRAM)
    await house.go_to("2026-11-17 12:01:00")
    new = with_value(TELEGRAM, "0-1:96.1.0", f"({b'GAS 079000257499'.hex().upper()})")
    await house.again(with_value(new, "0-1:24.2.1", "(250703110000S)(00000.000*m3)"))
    for minute in (2, 3):
        await house.go_to(f"2026-11-17 12:0{minute}:00")
        assert [title for title, _ in phone.shown] == ["Gas meter was exchanged"]


async def test_a_warning_comes_in_time(house: House, phone: Phone) -> None:
    house.hass.config.language = "fr"
    house.clock.now = datetime.fromisoformat("2025-07-03T10:30:00+02:00")
    contract: JsonDict = {"reference_power": 7.0, "surcharge_price": 0.1, "vat": False}
    await house.set_up(at("10:30:00", 100.0), **contract, **options("soon_above"))
    for second in (10, 60, 120, 180, 240, 250):
        assert phone.shown == []
        kwh = 100 + 12 * second / 3600
        await house.receive(at(f"10:3{second // 60}:{second % 60:02}", kwh, 12.0))
    await house.hass.async_block_till_done()
    # At 10:34:10, 650 s are left: 5 kW x 900 / 650 = 6.9 kW; 5 kW x 0.25 h x 0.1 EUR = 0.125 EUR.
    assert phone.shown == [
        (
            "Bientôt au-dessus de 7\xa0kW",
            "6,9\xa0kW de moins jusqu'à 10:45 évitent 0,12\xa0€. Maintenant 12\xa0kW.",
        )
    ]
    await house.receive(at("10:35:30", 101.1, 12.0))
    await house.hass.async_block_till_done()
    assert len(phone.shown) == 1


async def test_a_passed_goal_causes_one_message_also_after_restarts(
    house: House, phone: Phone
) -> None:
    house.hass.config.language = "de"
    entry, entries = await billed_month.set_up(house, house.storage), house.hass.config_entries
    bill = await call(house.hass, "get_bill")
    # The month is within the goal when the switch is turned on.
    for goal in (1000.0, 10.0, 10.0):
        more = options("above_goal") | {"goal": goal}
        entries.async_update_entry(entry, options=with_contract(billed_month.OPTIONS | more))
        assert await entries.async_reload(entry.entry_id)
        await house.go_to("2026-11-17 12:01:00")
    cost = f"{bill['total']:.2f}".replace(".", ",")
    text = f"Der Monat hat bis jetzt {cost}\xa0€ gekostet. Das Ziel ist 10,00\xa0€."
    assert phone.shown == [("Ziel des Monats überschritten", text)]


async def test_a_look_that_ends_after_the_unload_leaves_its_message_to_the_next(
    house: House, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, entries = await billed_month.set_up(house, house.storage), house.hass.config_entries
    for goal in (1000.0, 10.0):
        more = options("above_goal") | {"goal": goal}
        entries.async_update_entry(entry, options=with_contract(billed_month.OPTIONS | more))
        assert await entries.async_reload(entry.entry_id)
        if goal == 1000.0:
            await house.go_to("2026-11-17 12:01:00")
    may_end, outlook = threading.Event(), goal_outlook

    def slow_outlook(*values: Any) -> Any:  # noqa: ANN401 - passed on
        may_end.wait(20)
        return outlook(*values)

    monkeypatch.setattr(meter_watch, "goal_outlook", slow_outlook)
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=61))
    await house.wait_until(lambda: house.clock.looks == 1)
    assert await entries.async_unload(entry.entry_id)
    may_end.set()
    await house.wait_until(lambda: house.clock.looks == 0)
    await house.hass.async_block_till_done()
    assert phone.shown == []
    assert await entries.async_setup(entry.entry_id)
    await house.go_to("2026-11-17 12:02:00")
    assert len(phone.shown) == 1


async def test_a_month_is_reported_on_the_first_at_eight(
    house: House, phone: Phone, begun: list[date]
) -> None:
    """May 2026: `billed_month` has the used energy."""
    house.hass.config.language = "fr"
    await house.set_up_at("2026-05-20T12:00:00+02:00", goal=100.0)
    bill = await call(house.hass, "get_bill", month="2026-05")
    # Luxembourg is an hour later in summer.
    await house.go_to("2026-06-01 06:58:00")
    assert begun == []
    for minute in ("07:00", "07:01"):
        await house.go_to(f"2026-06-01 {minute}:00")
    await house.wait_until(lambda: bool(phone.shown))
    await house.again_at_midnight()
    await house.go_to("2026-06-01 09:00:00")
    total = f"{bill['total']:.2f}".replace(".", ",")
    left = f"{100 - bill['total']:.2f}".replace(".", ",")
    [(title, text)] = phone.shown
    assert title == f"Mai\N{NO-BREAK SPACE}: {total}\xa0€"
    assert text.split("\n") == [
        # 28.6 kWh: 6.21; a 31st of the fixed prices: 0.65; 1.92 kWh sold: -0.12; 2.5 kWh above
        # 7 kW: 0.21. Lines and VAT are rounded.
        "Jour le plus cher\N{NO-BREAK SPACE}: vendredi 1er, 6,93\xa0€.",
        f"{left}\xa0€ de moins que l'objectif de 100,00\xa0€.",
    ]


async def test_two_meters_with_the_same_recipients_have_one_report(
    house: House, phone: Phone, begun: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    hass, make_entry = house.hass, house.make_entry
    async with MeterPort() as second:
        for line, serial in ((house.port, SERIAL), (second, OTHER_SERIAL)):
            text = TELEGRAM if serial == SERIAL else OTHER_METER
            monkeypatch.setattr(billed_month, "TELEGRAM", text)
            house.port, house.make_entry = line, partial(make_entry, serial=serial)
            await house.set_up_at("2026-05-20T12:00:00+02:00")
        bill = await call(hass, "get_bill", month="2026-05", config_entry=house.entry.entry_id)
        await house.go_to("2026-06-01 07:00:30")
        await house.go_to("2026-06-01 07:01:30")
        await house.wait_until(lambda: bool(phone.shown))
        assert begun == [date(2026, 6, 1)]
        [(title, text)] = phone.shown
        assert title == f"May: {2 * bill['total']:.2f}\xa0€"
        lines = text.split("\n")
        assert [lines[0], lines[2]] == [
            f"Smarty {serial[-4:]}: {bill['total']:.2f}\xa0€" for serial in (SERIAL, OTHER_SERIAL)
        ]


@pytest.mark.parametrize(
    ("fails_until", "is_reported"),
    [("06-01 08:02", True), ("06-05 07:00", True), ("06-06 07:00", False)],
)
async def test_a_report_that_fails_is_tried_again_until_the_fifth(  # noqa: PLR0913, PLR0917
    house: House,
    phone: Phone,
    begun: list[date],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fails_until: str,
    *,
    is_reported: bool,
) -> None:
    await house.set_up_at("2026-05-20T12:00:00+02:00")
    tries = 0
    is_broken = True

    def failing(meters: object) -> HouseholdMessage | None:
        nonlocal tries
        tries += 1
        if is_broken:
            raise ZeroDivisionError
        return monthly_report(meters)  # type: ignore[arg-type]

    def tried(count: int) -> bool:
        # The last try ends with its message.
        return tries >= count and len(phone.shown) == (is_reported and count == len(due))

    monkeypatch.setattr(report_data, "monthly_report", failing)
    times = ["06-01 07:00", "06-01 08:02", "06-01 09:03", "06-05 07:00", "06-05 08:01"]
    times += ["06-06 07:00", "06-06 08:01"]
    due = [time for time in times if time <= fails_until and time <= "06-06 07:00"]
    due += [time for time in times if time > fails_until][:1] if is_reported else []
    for count, time in enumerate(times, start=1):
        is_broken = time <= fails_until
        expected_tries = min(count, len(due))
        await house.go_to(f"2026-{time}:00")
        await house.wait_until(partial(tried, expected_tries))
        # The hour has no further report.
        await house.go_to(f"2026-{time[:-2]}30:00")
        assert len(begun) == tries == expected_tries
    assert len(phone.shown) == is_reported
    assert caplog.text.count("no monthly report yet") == 1


async def test_an_event_before_the_switch_causes_no_message(house: House, phone: Phone) -> None:
    await house.set_up(message("one"), **options("grid"))
    for kinds, text in ((["grid"], "one"), ([], "two"), (["grid", "silent"], "two")):
        await house.again(message(text), options(*kinds))
        await house.hear(text)
        await house.go_to("2026-11-17 12:01:00")
    # An event while Home Assistant did not run causes no message, either.
    entries = house.hass.config_entries
    assert await entries.async_unload(house.entry.entry_id)
    house.clock.now = datetime.fromisoformat("2026-11-17T15:00:00+01:00")
    assert await entries.async_setup(house.entry.entry_id)
    await house.go_to("2026-11-17 15:01:00")
    assert phone.shown == []
    await house.go_to("2026-11-17 16:00:00")
    assert [title for title, _ in phone.shown] == ["No readings from the meter"]


async def test_without_a_recipient_home_assistant_shows_the_message(house: House) -> None:
    await house.set_up(message("old"), **options("grid", to=()))
    long = "Kontroll " * 30
    await house.hear("old", long)
    [(title, text)] = notifications(house.hass)
    assert title == "Message of the grid operator"
    assert (len(text), text[-1], long.startswith(text[:-1])) == (140, "…", True)
    high = with_value(message(long), "1-0:52.7.0", "(254.2*V)")
    for _ in range(2):
        await house.receive(high)
        house.clock.now += timedelta(seconds=70)
    await house.receive(with_value(high, "0-0:96.7.21", "(00100)"))
    await house.hass.async_block_till_done()
    # Each kind of event has its own notification.
    titles = [title for title, _ in notifications(house.hass)[1:]]
    assert titles == ["Voltage outside 207-253\xa0V", "Power failure"]


async def test_a_text_of_the_operator_is_no_markup(house: House, phone: Phone) -> None:
    to = "notify.phone", "notify.gone"
    await house.set_up(message("old"), **options("grid", to=to))
    text = "![x](http://192.0.2.1/a.png) [Pay](https://example.com) <b>now</b>"
    await house.hear("old", text)
    assert [shown for _, shown in phone.shown] == [text]
    phone.is_broken = True
    await house.hear("", text)
    [(_, shown)] = notifications(house.hass)
    assert shown == as_plain(text)
    assert "](" not in shown


async def test_a_failing_recipient_is_logged_once(
    house: House, phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    to = "notify.phone", "notify.gone"
    await house.set_up(message("old"), **options("grid", to=to))
    phone.is_broken = True
    await house.hear("old", "one", "two")
    # No recipient gets them, so Home Assistant shows them.
    assert [text for _, text in notifications(house.hass)] == ["one", "two"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [line.partition(": ")[2] for line in warnings if "no message to" in line] == [
        "no message to notify.phone (HomeAssistantError)",
        "no message to notify.gone (unavailable)",
    ]
    assert "secret" not in caplog.text

    await house.go_to("2026-11-17 12:05:00")
    assert said(house.issue("recipient_gone"))["entities"] == "notify.gone"
    await add(house.hass, Phone("Gone"))
    await house.go_to("2026-11-17 12:06:00")
    assert not house.issue("recipient_gone")


async def test_a_recipient_that_does_not_answer_delays_no_other(house: House, phone: Phone) -> None:
    silent = Silent("Silent")
    await add(house.hass, silent)
    to = "notify.silent", "notify.phone"
    await house.set_up(message("old"), **options("grid", to=to))
    await house.hear("old")
    for count, text in enumerate(("one", "two"), 1):
        await house.port.send_telegram(message(text))
        # No message may wait for the recipient that does not answer.
        async with asyncio.timeout(PATIENCE):
            while len(phone.shown) < count:
                await asyncio.sleep(0.001)
    assert silent.shown == []
    silent.may_answer.set()
    await house.hass.async_block_till_done()
    assert sorted(text for _, text in silent.shown) == ["one", "two"]
    assert notifications(house.hass) == []


async def test_renamed_recipients_stay(house: House, phone: Phone) -> None:
    await add(house.hass, Printer("Printer"))
    to = "notify.phone", "notify.printer"
    await house.set_up(message("old"), **options("grid", to=to))
    await house.hear("old")
    registry = er.async_get(house.hass)
    registry.async_update_entity("notify.phone", name="Other name")
    for old, new in (("phone", "new_phone"), ("printer", "phone"), ("phone", "new_printer")):
        registry.async_update_entity(f"notify.{old}", new_entity_id=f"notify.{new}")
    await house.hass.async_block_till_done()
    recipients = ["notify.new_phone", "notify.new_printer"]
    assert house.entry.options["messages"]["recipients"] == recipients
    await house.hear("new")
    await house.go_to("2026-11-17 12:01:00")
    assert [text for _, text in phone.shown] == ["new"]
    assert not house.issue("recipient_gone")


async def test_content_that_waits_to_be_stored_overwrites_nothing(
    house: House, phone: Phone
) -> None:
    await house.set_up(message("old"), **options("grid"))
    await house.hear("old", "")
    await house.again(message(""))
    await house.hear("new")
    await house.go_to("2026-11-17 12:01:00")
    await house.again(message("new"))
    await house.hear("new", "")
    assert [text for _, text in phone.shown] == ["new"]
    assert await remove_entry(house.hass, house.entry)
    await house.go_to("2026-11-17 12:03:00")
    assert not [key for key in house.storage if key.endswith(".messages")]


@pytest.mark.parametrize(
    ("back_on", "reported_on"),
    [("2026-07-03", "2026-07-03"), (None, "2026-07-06")],
    ids=["back", "not back"],
)
async def test_a_report_waits_for_a_meter_that_is_not_read(
    house: House, phone: Phone, begun: list[date], back_on: str | None, reported_on: str
) -> None:
    """The last telegram is from 16 June."""
    await house.set_up_at("2026-06-16T00:00:00+02:00")
    for day in ("2026-07-01", "2026-07-02", "2026-07-03", "2026-07-06", "2026-07-07"):
        await house.go_to(f"{day} 07:00:00")
        if day == back_on:
            # 300 kWh in 416 hours; 360 of these hours are in June.
            for minute, kwh in ((0, 300.0), (10, 300.1), (15, 300.15), (30, 300.3), (35, 300.35)):
                telegram = billed_month.telegram("00:00:00", kwh)
                time = f"({day[2:].replace('-', '')}08{minute:02}00S)"
                telegram = with_value(telegram, "0-0:1.0.0", time)
                house.port.greeting = house.port.next_frame(telegram)
                await (house.receive(telegram) if minute else house.reload())
                await house.go_to(f"{day} 07:{minute + 1:02}:00")
        if day < reported_on:
            assert begun == []
        else:
            await house.wait_until(lambda: bool(phone.shown))
    [(title, _)] = phone.shown
    # Without the meter, only the first half of June is known.
    total = 51.3
    if back_on:
        total = (await call(house.hass, "get_bill", month="2026-06"))["total"]
        assert total > 100
    assert title == f"June: {total:.2f}\xa0€"
