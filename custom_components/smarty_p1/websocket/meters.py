"""Command that returns the meters that a user may read."""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

import voluptuous as vol
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.decorators import websocket_command
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, SECTION_LENEDA
from ..coordinator import has_pulses, has_records, has_telegrams, is_live, loaded_meter
from ..coordinator.entered_gas_prices import kwh_per_m3
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.loads.entered_loads import entered_loads
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.stored.gas_water_heat_history import MediumHistory
from ..coordinator.stored.meter_history import LENEDA_GAS
from ..entity import mbus_device_id
from ..lib.bill.household_state import HouseholdState
from ..lib.entities.entity_description import CURRENCY
from ..lib.failure_detection import ENTITIES
from ..lib.json_types import JsonDict
from ..lib.meter.meter_reader import EXPORTED_ENERGY, THRESHOLD, Reading
from ..lib.prices.agreed_prices import AgreedPrices
from ..lib.prices.published_prices import OlderPrices
from ..user_requests.access_rights import readable_entries
from .meter_status import MeterState, RemedyAnswer, now, status_of
from .shared_answer_types import OlderPricesAnswer, Time

_PHASES = (
    ("1-0:32.7.0", "1-0:21.7.0", "1-0:22.7.0"),
    ("1-0:52.7.0", "1-0:41.7.0", "1-0:42.7.0"),
    ("1-0:72.7.0", "1-0:61.7.0", "1-0:62.7.0"),
)
"""OBIS codes of each phase: voltage, imported power, exported power."""


class MediumAnswer(TypedDict):
    """M-Bus meter of gas, water or heat."""

    meter: str
    type: str
    unit: str | None
    device_id: str | None
    kwh_per_m3: float | None
    """Energy of a m³ of gas, computed from Leneda's data or entered in the options."""


class MeterAnswer(TypedDict):
    """Meter or pulse reader. Most fields of a pulse reader are null."""

    entry_id: str
    title: str
    serial_number: str | None
    device_id: str | None
    state: MeterState
    obstacle: str | None
    """Cause of a failure, a key of `exceptions` in the translations, such as `wrong_key`."""
    remedy: RemedyAnswer | None
    last_telegram: Time | None
    currency: str
    reference_kw: float | None
    excess_price: float | None
    """Additional price of a kWh above the reference power, in EUR with VAT."""
    prices_of: NotRequired[OlderPricesAnswer]
    known_since: Time | None
    source: Literal["port", "leneda", "entities", "pulses"]
    """"leneda": a meter without a cable. Only its past days are known. "entities": another
    integration reads the meter, and its readings are not verified. "pulses": a pulse reader, for
    which only `live` and `last_hour` have an answer."""
    integration: NotRequired[str | None]
    """Only if `source` is "entities": name of the integration of these entities. It is null while
    the meter is not loaded."""
    fresh_for: NotRequired[float]
    """Only if `source` is "entities": seconds for which a reading counts as current."""
    has_leneda: NotRequired[bool]
    """Only for a meter that is read here: whether its quarter-hours also come from Leneda."""
    known_until: NotRequired[Time | None]
    """Only for a meter without a cable: end of the last known day."""
    is_fetching: NotRequired[bool]
    """Only for a meter without a cable: whether older days are still being fetched."""
    phases: Literal[1, 2, 3] | None
    feeds_in: bool | None
    connection_kva: float | None
    media: list[MediumAnswer]
    has_limits: bool
    """Whether the grid operator may limit a load."""
    changed_at: Time
    """Time of the last change of the meter's entry, such as a changed contract or title."""


class MetersAnswer(TypedDict):
    """Meters and pulse readers that the user may read, loaded or not."""

    now: Time
    """Time at which Home Assistant answers, for programs whose own clock may be wrong."""
    meters: list[MeterAnswer]
    pulse_readers: list[MeterAnswer]


@websocket_command({vol.Required("type"): f"{DOMAIN}/meters"})
@callback
def answer_meters(hass: HomeAssistant, connection: ActiveConnection, msg: JsonDict) -> None:
    """Return the meters and pulse readers that the user may read, whether loaded or not."""
    meters, readers = (
        [_meter(hass, entry) for entry in readable_entries(hass, connection.user, is_of_kind)]
        for is_of_kind in (has_records, has_pulses)
    )
    connection.send_result(msg["id"], {**now(), "meters": meters, "pulse_readers": readers})


def _meter(hass: HomeAssistant, entry: AnyConfigEntry) -> JsonDict:
    """Return a meter, or a pulse reader with the same fields. Most of its fields are unknown."""
    device = entry.entry_id if has_pulses(entry) else str(entry.unique_id)
    coordinator = loaded_meter(entry)
    reading = coordinator.latest if coordinator else None
    household = coordinator.records.household_state if coordinator else None
    last = coordinator.records.memory.last_telegram if coordinator else None
    return {
        "entry_id": entry.entry_id,
        "title": entry.title,
        "serial_number": entry.unique_id if has_telegrams(entry) else None,
        "device_id": _device_id(hass, entry, device),
        **status_of(hass, entry)._asdict(),
        "last_telegram": last,
        "currency": CURRENCY,
        **_tariff(household),
        **_source(entry, coordinator),
        **_connection(coordinator, reading),
        "media": _media(hass, coordinator, reading) if coordinator else [],
        "has_limits": any(load.blocked_by for load in entered_loads(entry).values()),
        "changed_at": entry.modified_at,
    }


def _tariff(household: HouseholdState | None) -> JsonDict:
    """Return the contract's prices and reference power, and `known_since`.

    Energies are known from the time `known_since` on. If `household` is None, all values are None.
    """
    if household is None:
        return {"reference_kw": None, "excess_price": None, "known_since": None}
    prices = AgreedPrices.of_contracts(household.contracts, household.until)
    first, *_ = household.months
    return {
        "reference_kw": prices.contract.reference_kw,
        "excess_price": prices.excess,
        **OlderPrices.answer(prices.older(prices.surcharge_lines)),
        "known_since": first.since or first.start,
    }


def _source(entry: AnyConfigEntry, coordinator: MeterCoordinator | None) -> JsonDict:
    """Return the source of the readings, and whether Leneda sends the past of a meter read here.

    A pulse reader has no further fields. If the source is entities, add the name of their
    integration, and the seconds for which a reading is shown. If the source is Leneda, add the time
    until which data are known, and whether older data are still being downloaded.
    """
    if has_pulses(entry):
        return {"source": "pulses"}
    has_leneda = bool(entry.options.get(SECTION_LENEDA))
    if has_telegrams(entry):
        return {"source": "port", "has_leneda": has_leneda}
    if is_live(entry):
        return {
            "source": "entities",
            "has_leneda": has_leneda,
            "integration": coordinator and coordinator.source.integration,
            "fresh_for": ENTITIES.fresh_for,
        }
    household = coordinator.records.household_state if coordinator else None
    return {
        "source": "leneda",
        "known_until": household and household.until,
        "is_fetching": coordinator is not None and coordinator.records.is_fetching,
    }


def _connection(coordinator: MeterCoordinator | None, reading: Reading | None) -> JsonDict:
    """Return the number of phases, whether the meter exports, and the connection's limit in kVA.

    All three are None before the first telegram. The number of phases is also None if the telegram
    has no value of any phase. A phase that had less than 50 V for 24 hours does not count.
    """
    if coordinator is None or reading is None:
        return {"phases": None, "feeds_in": None, "connection_kva": None}
    get = reading.telegram.objects.get
    voltages, time = coordinator.records.history.voltages, dt_util.utcnow()
    phases = [
        voltages.is_connected(n, time)
        if get(names[0]) is not None
        else any(get(name) is not None for name in names)
        for n, names in enumerate(_PHASES)
    ]
    return {
        "phases": sum(phases) or None,
        "feeds_in": bool(get(EXPORTED_ENERGY)),
        "connection_kva": get(THRESHOLD),
    }


def _media(
    hass: HomeAssistant, coordinator: MeterCoordinator, reading: Reading | None
) -> list[MediumAnswer]:
    """Return the M-Bus meters of `reading`, or the meters in the history if `reading` is None."""
    media = coordinator.records.history.media
    kinds = _kinds_of_media(media, reading)
    entry = coordinator.config_entry
    devices = {
        identity: _device_id(hass, entry, mbus_device_id(coordinator, identity))
        for identity in kinds
    }
    return [
        {
            "meter": identity,
            "type": kind,
            "unit": unit,
            "kwh_per_m3": kwh_per_m3(
                entry.options,
                kind,
                unit,
                media[identity].kwh_per_m3 if identity in media else None,
            ),
            "device_id": devices[identity],
        }
        for identity, (kind, unit) in kinds.items()
        # The history also has meters whose device the user has removed. Leave out these meters.
        if reading or devices[identity] or identity == LENEDA_GAS
    ]


def _kinds_of_media(
    media: Mapping[str, MediumHistory], reading: Reading | None
) -> dict[str, tuple[str, str | None]]:
    """Return the type and unit of each meter, keyed by the meter's identity."""
    kinds = {identity: (medium.kind, medium.unit) for identity, medium in media.items()}
    if reading is None:
        return kinds
    meters = [(name, reading.telegram.channels[n]) for name, n in reading.channels.items()]
    shown = {identity: (meter.type, meter.unit) for identity, meter in meters}
    return shown | {name: kind for name, kind in kinds.items() if name == LENEDA_GAS}


def _device_id(hass: HomeAssistant, entry: AnyConfigEntry, identifier: str) -> str | None:
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), config_entry_id=entry.entry_id
    )
    return device.id if device else None
