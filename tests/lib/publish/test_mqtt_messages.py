"""Messages about one meter, telegram for telegram, and the messages that the broker retains."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dev.encoder import DEVICE_NAME, seal, stored_example, with_value
from dev.simulator import Meter as Simulated
from dev.testing.times import utc
from smartyp1.clock_verdict import ClockVerdict
from smartyp1.meter.meter_reader import MeterReader, Reception
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.publish import mqtt_messages
from smartyp1.publish.mqtt_discovery import Discovery, DiscoveryNames, MeterAnnounced, MqttAnnouncer
from smartyp1.publish.mqtt_messages import LastEvents, Message, MeterMessages, Published
from smartyp1.publish.publish_format import Format
from smartyp1.stored_json import load

TELEGRAM = stored_example("three_phase_gas_water_heat").telegram
MESSAGE = with_value(TELEGRAM, "0-0:96.13.0", "(4D6F69656E)")
OTHER_MESSAGE = with_value(TELEGRAM, "0-0:96.13.0", "(48616C6C6F)")
NOW = utc("2025-07-03 08:30")
RECEPTION = Reception(1, Counter(), Counter(), Counter(), Counter(), Counter())
DEVICES = f"elsewhere/device/smarty_p1_{DEVICE_NAME}"


class Meter:
    """A meter, and the messages about it."""

    def __init__(
        self,
        form: Format = Format.VALUES,
        *,
        retain: bool = False,
        discovery: bool = False,
        stale: Iterable[str] = (),
        last_events: str | None = None,
    ) -> None:
        texts = DiscoveryNames(defaultdict(str), {})
        announcer = MqttAnnouncer(
            MeterAnnounced(DEVICE_NAME, "Smarty", None, UTC),
            Discovery(texts, {"name": "test"}, "elsewhere", 90),
            "house",
        )
        self.messages: list[Message] = []
        self.is_full = 0
        self._reader = MeterReader()
        self._messages = MeterMessages(
            Published("house", form, retain),
            json.dumps,
            announcer if discovery else None,
            stale,
            self._note_full,
        )
        if last_events:
            self._messages.last_events = load(LastEvents, json.loads(last_events))

    def last_events(self) -> str:
        """Return the stored state that finds events after a restart."""
        return json.dumps(asdict(self._messages.last_events))

    def _note_full(self) -> None:
        self.is_full += 1

    def tell(self, *texts: str) -> None:
        """Publish telegrams."""
        for text in texts:
            self.messages += self.prepare(text)

    def prepare(self, text: str, at: datetime = NOW) -> Generator[Message]:
        """Yield the messages of a telegram, which count as sent when the next message is taken."""
        [telegram] = Decoder(None).feed(seal(text))
        assert isinstance(telegram, Telegram)
        reading = self._reader.read_telegram(telegram, at, clock=ClockVerdict(timedelta()))
        yield from self._messages.reading(reading, RECEPTION)

    @property
    def outdated(self) -> set[str]:
        return self._messages.outdated

    def repeat_values(self) -> None:
        """Have the next telegram published with all its values."""
        self._messages.repeat_values()

    def come_back(self) -> None:
        """Publish that the meter is away, and that it is back."""
        for is_online in (False, True):
            self.messages += self._messages.availability(is_online=is_online)

    def on(self, name: str) -> list[str]:
        """Return the messages on a topic below the root."""
        return [message.payload for message in self.messages if message.topic == f"house/{name}"]

    def events(self, name: str) -> list[Any]:
        """Return the published events of a kind; none is retained."""
        topic = f"house/events/{name}"
        assert not any(message.retain for message in self.messages if message.topic == topic)
        return [json.loads(text) for text in self.on(f"events/{name}")]


@pytest.mark.parametrize(
    ("reference", "sent", "told"),
    [
        ("1-0:1.7.0", "()", {"active_power_imported": ""}),
        ("1-0:1.7.0", "(kaputt*kW)", {"active_power_imported": ""}),
        ("1-0:1.8.0", "(0025678901*Wh)", {"active_energy_imported": "25678.901"}),
        ("0-0:96.1.9", "(+#/)", {"0-0_96_1_9": "+#/"}),
        ("1-0:99.1.2", "(x)(y)", {"1-0_99_1_2_1": "x", "1-0_99_1_2_2": "y"}),
    ],
)
def test_values(reference: str, sent: str, told: dict[str, str]) -> None:
    meter = Meter(Format.BOTH, retain=True)
    meter.tell(with_value(TELEGRAM, reference, sent))
    assert {name: meter.on(name) for name in told} == {name: [told[name]] for name in told}
    [telegram] = meter.on("telegram")
    value = json.loads(telegram)["objects"][reference]
    assert (value is None) == ("" in told.values())  # not 0


def test_a_held_back_total_keeps_its_published_value() -> None:
    meter = Meter(Format.BOTH)
    meter.tell(TELEGRAM, with_value(TELEGRAM, "1-0:1.8.0", "(000001.500*kWh)"))
    assert meter.on("active_energy_imported") == ["25678.901"]
    objects = [json.loads(text)["objects"] for text in meter.on("telegram")]
    assert [each["1-0:1.8.0"] for each in objects] == [25678.901, 25678.901]


@pytest.mark.parametrize("retain", [False, True])
def test_a_value_is_published_again_when_it_changes(*, retain: bool) -> None:
    meter = Meter(Format.BOTH, retain=retain, discovery=True)
    powers = ["(00.100*kW)", "(00.100*kW)", "()", "()", "(00.100*kW)"]
    meter.tell(*(with_value(TELEGRAM, "1-0:1.7.0", power) for power in powers))
    assert meter.on("active_power_imported") == ["0.100", "", "0.100"]
    assert meter.on("active_energy_imported") == ["25678.901"]
    # A topic with several values is always published whole; after `old` messages, entities expire.
    assert [len(meter.on(name)) for name in ("telegram", "states")] == [5, 5]
    assert len(meter.on("states/HEAT079000257403")) == 5


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize(
    ("form", "name"),
    [
        (Format.BOTH, "active_power_imported"),
        (Format.SMARTYREADER, "act_pwr_imported_p_plus_kW"),
    ],
)
def test_an_object_that_is_no_longer_sent_is_unknown(
    form: Format, name: str, *, retain: bool
) -> None:
    meter = Meter(form, retain=retain, discovery=True)
    without = with_value(with_value(TELEGRAM, "1-0:1.7.0", None), "0-0:96.3.10", None)
    meter.tell(TELEGRAM, without)
    meter.repeat_values()
    meter.tell(without, TELEGRAM)
    assert meter.on(name) == ["2.345", "", "2.345"]
    # No entity is announced anew or loses its place in the states.
    assert sum(message.topic == f"{DEVICES}/config" for message in meter.messages) == 1
    states = [json.loads(each) for each in meter.on("states")]
    assert [state["power_imported"] for state in states] == [2.345, None, None, 2.345]
    assert [state["breaker"] for state in states] == ["connected", None, None, "connected"]


def test_the_names_of_the_smartyreader_are_all_published_each_time() -> None:
    meter = Meter(Format.SMARTYREADER)
    meter.tell(TELEGRAM)
    told = meter.messages.copy()
    meter.tell(TELEGRAM)
    assert meter.messages == told * 2


# The serial number of the meter and the identifier of another may be parts of one level.
PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,140}(/[A-Za-z0-9_.-]{1,140})*")
UNKNOWN = re.compile(r"\d+-\d+_\d+_\d+_\d+")


def flood(number: int) -> str:
    """Return a telegram that fills the memory with names."""
    lines = "\r\n".join(
        f"{number}-{n % 250}:{n // 250}.9.9(1.5*{'#+/\0'[n % 4]}{number})(x)" for n in range(1100)
    )
    # No longer than 32 KiB: the decoder gives up there.
    text = TELEGRAM.replace("\r\n!", f"\r\n{lines}\r\n!")
    for channel in range(1, 5):
        name = f"{'#+/ '[channel - 1]}{number:03}{'x' * 60}{channel}".encode().hex()
        text = with_value(text, f"0-{channel}:96.1.0", f"({name})")
        text = with_value(text, f"0-{channel}:24.1.0", f"({(2, 3, 4, 7)[(channel + number) % 4]})")
        index = f"(250703103000S)(00678.901*#+/{number})"
        text = with_value(text, f"0-{channel}:24.2.1", index)
    return text


@pytest.mark.parametrize("form", [Format.BOTH, Format.SMARTYREADER])
def test_a_flood_of_names_on_the_line_makes_a_bounded_number_of_topics(form: Format) -> None:
    meter = Meter(form, retain=True, discovery=True)
    meter.tell(TELEGRAM)
    usual = {message.topic for message in meter.messages}
    meter.tell(*(flood(number) for number in range(1, 26)))
    topics = {message.topic for message in meter.messages}
    assert all(PLAIN.fullmatch(topic) for topic in topics)
    below = {topic.removeprefix("house/") for topic in topics - usual}
    unknown = {name for name in below if UNKNOWN.match(name)}
    assert len({match[0] for name in unknown if (match := UNKNOWN.match(name))}) == 64
    assert len(unknown) == 2 * 64
    assert len({topic for topic in topics if topic.startswith(f"{DEVICES}_")}) <= 16
    # Meters on the M-Bus have six values each, and their states.
    assert len(topics - usual) <= 2 * 64 + 16 * (6 + 2)
    if form is Format.BOTH:
        objects = [json.loads(text)["objects"] for text in meter.on("telegram")]
        assert len(set().union(*objects) - objects[0].keys()) == 64


def test_units_without_end_make_no_topics_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_messages, "MAX_TOPICS", 110)
    meter = Meter(Format.SMARTYREADER)
    meter.tell(TELEGRAM)
    usual = {message.topic for message in meter.messages}
    assert len(usual) < 110
    for number in range(30):
        index = f"(250703103000S)(00678.901*unit{number})"
        meter.tell(with_value(TELEGRAM, "0-1:24.2.1", index))
    topics = {message.topic for message in meter.messages}
    assert len(topics) == 110
    assert usual <= topics
    assert meter.is_full == 1


def test_meters_that_are_away_have_so_many_places_at_the_broker() -> None:
    away = [f"{DEVICES}_AWAY{number:03}/config" for number in range(500)]
    meter = Meter(discovery=True, stale=[*away, "house/of_earlier_options"])
    meter.tell(TELEGRAM)
    # Meters on the line keep their own topics.
    assert meter.outdated == {*away[16:], "house/of_earlier_options"}


@pytest.mark.parametrize("form", [Format.BOTH, Format.SMARTYREADER])
@pytest.mark.parametrize("filler", ["(3F3F3F3F)", f"({80 * 'F'})", f"({40 * chr(255)})", "(----)"])
def test_filler_is_not_published(form: Format, filler: str) -> None:
    meter = Meter(form, discovery=True)
    text = with_value(TELEGRAM, "0-1:96.1.0", filler)
    meter.tell(TELEGRAM, with_value(text, "0-0:96.13.0", filler))
    is_like_smartyreader = form is Format.SMARTYREADER
    message, name = (
        ("msg_long_e_meter", "gas_meter_id_hex")
        if is_like_smartyreader
        else ("message", "gas_1_equipment_identifier")
    )
    assert meter.on(message)[-1] == ""
    assert len(meter.on(name)) == 2
    assert meter.on(name)[-1] == ""
    assert meter.events("message") == []


def test_an_outdated_retained_value_is_removed_before_the_new_one() -> None:
    # A subscriber ends up with the value, not with the empty message.
    meter = Meter(stale=["house/active_power_imported"])
    meter.tell(TELEGRAM, with_value(TELEGRAM, "1-0:1.7.0", "(02.346*kW)"))
    assert meter.on("active_power_imported") == ["", "2.345", "2.346"]


def test_a_voltage_follows_in_steps_for_discovery_only() -> None:
    """The other Home Assistant has a recorder, too; a reader of the values may want them all."""
    meter = Meter(discovery=True)
    volts = ["233.1", "233.9", "234.1", "233.2"]
    meter.tell(*(with_value(TELEGRAM, "1-0:32.7.0", f"({volt}*V)") for volt in volts))
    # After `offline`, a client has dropped the values, so the next message has the newest one.
    meter.come_back()
    volts.append("233.9")
    meter.tell(with_value(TELEGRAM, "1-0:32.7.0", "(233.9*V)"))
    states = [json.loads(each)["voltage_l1"] for each in meter.on("states")]
    assert states == [233.1, 233.1, 234.1, 234.1, 233.9]
    assert meter.on("voltage_l1") == volts


def test_a_meter_alone_announces_only_states_that_get_a_value() -> None:
    """For two months, as long as a gateway keeps; with all objects that a meter can send."""
    house, meter = Simulated(1), Meter(discovery=True)
    announced, told = set[str](), set[str]()
    for minute in range(90):
        at = utc("2026-01-31 22:15") + timedelta(minutes=minute)
        text = house.telegram_at(at)
        for number in (0, 2, 3, 4, 5):
            text = with_value(text, f"0-0:96.13.{number}", "(4D6F69656E)")
        for message in meter.prepare(text, at):
            if message.topic.startswith("house/states"):
                for name, value in _leaves(message.topic, json.loads(message.payload)):
                    announced.add(name)
                    told |= set() if value is None else {name}
    assert "house/states peak_last_month" in told
    assert announced == told


def _leaves(name: str, states: object) -> Iterator[tuple[str, object]]:
    """Yield the states and attributes of a message, by name."""
    if not isinstance(states, dict):
        yield name, states
        return
    for key, value in states.items():
        yield from _leaves(f"{name} {key}", value)


def test_the_index_of_heat_is_announced_in_the_unit_of_its_captures() -> None:
    meter = Meter(discovery=True)
    never, captured = "(632525252525S)(00000.000)", "(250703103000S)(00001.234*MWh)"
    meter.tell(*(with_value(TELEGRAM, "0-3:24.2.1", each) for each in (never, captured, never)))
    sent = [
        message
        for message in meter.messages
        if message.topic == f"{DEVICES}_HEAT079000257403/config"
    ]
    components = [json.loads(each.payload)["components"] for each in sent]
    units = [
        component.get("sensor_index", {}).get("unit_of_measurement") for component in components
    ]
    assert units == [None, "MWh"]
    states = [json.loads(each).get("index") for each in meter.on("states/HEAT079000257403")]
    assert states == [None, 1.234, None]


def test_a_message_is_an_event_once() -> None:
    meter = Meter(discovery=True)
    # The first one was there before.
    meter.tell(MESSAGE, MESSAGE)
    assert meter.events("message") == []
    meter.tell(OTHER_MESSAGE, OTHER_MESSAGE)
    assert meter.events("message") == [{"event_type": "message", "text": "Hallo"}]
    # A telegram without the object does not end the message; one with an empty message does.
    meter.tell(with_value(TELEGRAM, "0-0:96.13.0", None), OTHER_MESSAGE)
    assert len(meter.events("message")) == 1
    meter.tell(TELEGRAM, OTHER_MESSAGE)
    assert len(meter.events("message")) == 2


def test_an_event_that_could_not_be_sent_comes_with_the_next_reading() -> None:
    meter = Meter(discovery=True)
    meter.tell(MESSAGE)
    told = meter.prepare(OTHER_MESSAGE)
    next(told)
    told.close()  # the broker is away
    meter.tell(OTHER_MESSAGE)
    assert meter.events("message") == [{"event_type": "message", "text": "Hallo"}]


def test_each_count_of_the_grids_faults_is_an_event() -> None:
    def counted(failures: str | None, sags: str) -> str:
        text = with_value(TELEGRAM, "0-0:96.7.21", failures)
        return with_value(text, "1-0:52.32.0", sags)

    meter = Meter(discovery=True)
    # Earlier counts are no events, and neither is a missing count.
    meter.tell(counted("(00010)", "(00003)"), counted(None, "(00003)"))
    meter.tell(counted("(00010)", "(00003)"))
    assert meter.events("disturbance") == []
    meter.tell(counted("(00012)", "(00004)"))
    assert meter.events("disturbance") == [
        {"event_type": "power_failure", "count": 2},
        {"event_type": "voltage_sag", "count": 1, "phases": ["L2"]},
    ]


@pytest.mark.parametrize("was_announced", [False, True])
def test_a_change_during_a_restart_is_an_event(*, was_announced: bool) -> None:
    before = Meter(discovery=was_announced)
    before.tell(with_value(MESSAGE, "0-0:96.7.21", "(00010)"))
    meter = Meter(discovery=True, last_events=before.last_events())
    meter.tell(*[with_value(OTHER_MESSAGE, "0-0:96.7.21", "(00011)")] * 2)
    assert meter.events("message") == [{"event_type": "message", "text": "Hallo"}]
    assert meter.events("disturbance") == [{"event_type": "power_failure", "count": 1}]
    again = Meter(discovery=True, last_events=Meter().last_events())
    again.tell(MESSAGE)
    assert again.events("message") == again.events("disturbance") == []
