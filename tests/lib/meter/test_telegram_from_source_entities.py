"""Telegrams that are made of the states of entities, and how a trial of them is judged."""

import random
from datetime import timedelta

import pytest

from dev.testing.random_examples import examples
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.history.register_amounts import Energies
from smartyp1.history.spans import Span, SpanKind
from smartyp1.meter.telegram_from_source_entities import (
    QUANTITIES,
    EntityState,
    Report,
    SilentTotal,
    Standstill,
    Trial,
    assess,
    entity_telegram,
    value_of,
)
from smartyp1.p1.telegram import Telegram, Verification
from smartyp1.prices.contract import Contract
from tests.lib.bill.support import Disk
from tests.lib.bill.test_registers import spans_of

TIME = utc("2026-11-02 12:00")


@pytest.mark.parametrize(
    ("text", "unit", "kwh"),
    [
        ("23457.123", "kWh", 23457.123),
        ("23457123", "Wh", 23457.123),
        ("23.457123", "MWh", 23457.123),
        ("0", "kWh", 0.0),
        ("-0.001", "kWh", None),
        ("nan", "kWh", None),
        ("inf", "kWh", None),
        ("1e9", "kWh", None),
        ("1" * 33, "Wh", None),
        ("unavailable", "kWh", None),
        ("", "kWh", None),
        ("5", "m³", None),
        ("5", "kW", None),
        ("5", None, None),
    ],
)
def test_energy(text: str, unit: str | None, kwh: float | None) -> None:
    value = value_of(QUANTITIES["energy_imported"], EntityState(text, unit))
    assert value == (None if kwh is None else pytest.approx(kwh))


@pytest.mark.parametrize(
    ("text", "unit", "kw"),
    [("1234", "W", 1.234), ("1.234", "kW", 1.234), ("-1", "W", None), ("1001", "kW", None)],
)
def test_power(text: str, unit: str, kw: float | None) -> None:
    assert value_of(QUANTITIES["power_imported"], EntityState(text, unit)) == kw


def test_two_tariffs_are_added() -> None:
    states = {
        "energy_imported": [EntityState("1000.1", "kWh"), EntityState("2000200", "Wh")],
        "power_exported": [EntityState("500", "W")],
    }
    telegram = entity_telegram(states, TIME, "ESPHome")
    assert telegram.objects == {"1-0:1.8.0": 3000.3, "1-0:2.7.0": 0.5}
    assert (telegram.time, telegram.serial_number) == (TIME, None)
    assert telegram.verification is Verification.INTEGRATION
    assert telegram.identification == "ESPHome"


@pytest.mark.parametrize(
    ("watts", "has_sun", "exported"),
    [("500", True, 0.0), ("0", True, None), ("0", False, 0.0), ("unknown", False, None)],
)
def test_one_of_the_powers_is_nothing(watts: str, has_sun: bool, exported: float | None) -> None:  # noqa: FBT001
    states = {
        "energy_imported": [EntityState("1", "kWh")],
        "power_imported": [EntityState(watts, "W")],
    }
    if has_sun:
        states["energy_exported"] = [EntityState("1", "kWh")]
    assert entity_telegram(states, TIME, "").objects["1-0:2.7.0"] == exported


@pytest.mark.parametrize("text", ["unknown", "unavailable", "-1"])
def test_a_tariff_that_is_away_leaves_no_sum(text: str) -> None:
    states = {"energy_imported": [EntityState("1000.1", "kWh"), EntityState(text, "kWh")]}
    assert entity_telegram(states, TIME, "").objects == {"1-0:1.8.0": None}


def report(
    at: float | None, kwh: float | None, total_at: float | None, **others: float | None
) -> Report:
    """Return a report at a second of the trial, with the second of the total's last report."""
    names = {"kw": "1-0:1.7.0", "out_kw": "1-0:2.7.0", "out_kwh": "1-0:2.8.0"}
    objects = {"1-0:1.8.0": kwh, **{names[name]: value for name, value in others.items()}}
    times = [
        None if second is None else TIME + timedelta(seconds=second) for second in (at, total_at)
    ]
    return Report(Telegram("", None, times[0], objects, {}), times[1])


def totals(*reports: tuple[float, float]) -> list[Report]:
    """Return reports of a total alone."""
    return [report(at, kwh, at) for at, kwh in reports]


def silent(kwh: float, step: int, **others: float | None) -> tuple[Report, list[Report]]:
    """Return the report before a trial, and reports of other entities while the total is silent."""
    start, *sent = (report(at, kwh, -600, **others) for at in (-4, *range(0, 130, step)))
    return start, sent


@pytest.mark.parametrize(
    ("start", "sent", "trial"),
    [
        (report(-10, 5.001, -10), totals((0, 5.001), (10, 5.004), (20, 5.007)), (3, 10, 1, True)),
        # The longest interval counts.
        (report(-10, 5.0, -10), totals((0, 5.01), (10, 5.02), (70, 5.05)), (3, 60, 10, True)),
        # The report before the trial counts only for a single report.
        (report(-240, 5.0, -240), totals((0, 5.0)), (1, 240, 1000, True)),
        (report(-7200, 5.5, -7200), totals((0, 5.5), (10, 5.5)), (2, 10, 100, True)),
        (report(-400, 5.001, -400), totals((0, 5.001)), (1, 400, 1, True)),
        # A total of 0 shows no step.
        (report(-10, 0.0, -10), totals((0, 0.0), (10, 0.0)), (2, 10, 1, True)),
        (report(None, 5.0, None), totals((0, 5.0)), None),
        (report(-10, 5.0, -10), [], None),
        # MQTT reports 0.1 kWh only when it changes: 33 Wh are no step yet.
        (*silent(1000.1, 10, kw=1.0), (13, 10, 100, False)),
        # 33 Wh are many steps of 1 Wh, so this total is silent.
        (*silent(1000.101, 10, kw=1.0), None),
        # No energy is drawn: the power shows it, or the house feeds in.
        (*silent(1000.101, 30, kw=0.0), (5, 30, 1, False)),
        (*silent(1000.101, 20, out_kw=2.5), (7, 20, 1, False)),
        (
            report(-4, 1000.101, -600, out_kwh=50.0),
            [report(at, 1000.101, -600, out_kwh=50 + at / 1000) for at in range(10, 130, 10)],
            (12, 10, 1, False),
        ),
        # The exported energy alone changes rarely, too.
        (
            report(-100, 1000.1, -600, out_kwh=50.0),
            [report(90, 1000.1, -600, out_kwh=50.1)],
            (1, 190, 100, False),
        ),
        # The total changes once, 400 s after its last change, at 0.9 kW.
        (
            report(-4, 1000.1, -340, kw=0.9),
            [
                report(at, 1000.1 if at < 60 else 1000.2, -340 if at < 60 else 60, kw=0.9)
                for at in range(0, 130, 10)
            ],
            (13, 10, 100, True),
        ),
        # The draw of power is unknown.
        (*silent(1000.1, 10, kw=None), None),
        # A total that is reported once, by the last report.
        (
            report(-4, None, None, kw=0.0),
            [report(0, None, None, kw=0.0), report(10, 5.0, 10, kw=0.0)],
            None,
        ),
        # An exported energy that does not change counts, too.
        (*silent(9.1, 9, out_kwh=1.0), None),
    ],
)
def test_a_trial(
    start: Report, sent: list[Report], trial: tuple[int, float, int, bool] | None
) -> None:
    assert assess(start, sent) == (None if trial is None else Trial(*trial))


@pytest.mark.parametrize(
    ("interval", "step", "at_1_kw", "at_7_kw"),
    # 4 W for each Wh of the step, and the power during an interval of 900 s.
    [(10, 1, 15, 82), (60, 1, 71, 471), (10, 10, 51, 118)],
)
def test_the_error_grows_with_the_power(
    interval: float, step: int, at_1_kw: int, at_7_kw: int
) -> None:
    trial = Trial(12, interval, step, has_total=True)
    assert (trial.tolerance_w(1), trial.tolerance_w(7)) == (at_1_kw, at_7_kw)


def reading(minute: float, kwh: float | None, exported: float | None = None) -> Telegram:
    objects = {"1-0:1.8.0": kwh, "1-0:1.7.0": 2.0}
    if exported is not None:
        objects["1-0:2.8.0"] = exported
    return Telegram("MQTT", None, TIME + timedelta(minutes=minute), objects, {})


@pytest.mark.parametrize(
    ("sent", "minutes"),
    [
        # A step of 100 Wh after three hours at noon: at each moment before, the total was known.
        ([reading(0, 1.1), reading(1, 1.2), reading(181, 1.3)], [*range(11, 181, 10)]),
        ([reading(0, 1.1), reading(31, 1.1)], [10, 20, 30]),
        # Within 15 minutes, the energy is interpolated.
        ([reading(0, 1.1), reading(15, 1.2)], []),
        ([reading(0, 1.1, 5.1), reading(25, 1.1, 5.2)], [10, 20]),
        # A rise by more than a step, a fall, or an exported energy that rises by more than a step.
        ([reading(0, 1.101), reading(31, 1.103)], []),
        ([reading(0, 1.101), reading(31, 1.1)], []),
        ([reading(0, 1.1, 5.001), reading(31, 1.1, 5.003)], []),
        # A total that was divisible by 100 Wh by chance shows its step sooner or later.
        ([reading(0, 1.101), reading(1, 1.1), reading(31, 1.2)], []),
        # Longer than a day, or a total that is not known.
        ([reading(0, 1.1), reading(1441, 1.1)], []),
        ([reading(0, 1.1, 5.1), reading(31, 1.1)], []),
        ([reading(0, None), reading(31, 1.1)], []),
    ],
)
def test_a_standstill_is_proved_by_the_next_report(
    sent: list[Telegram], minutes: list[int]
) -> None:
    standstill = Standstill()
    *_, found = [standstill.until(telegram) for telegram in sent]
    assert [telegram.time for telegram in found] == [
        TIME + timedelta(minutes=minute) for minute in minutes
    ]
    before = sent[-2].objects
    assert all(telegram.objects.items() <= before.items() for telegram in found)
    # The power of that time is unknown.
    assert all("1-0:1.7.0" not in telegram.objects for telegram in found)


class SparseHouse:
    """House whose energy is reported about every ten minutes, and its power every 20 seconds."""

    def __init__(self, chance: random.Random, *, is_steady: bool) -> None:
        self.chance, self.is_steady = chance, is_steady
        self.household, self.disk = Household(Contract(reference_kw=3)), Disk()
        self.silent, self.standstill = SilentTotal(), Standstill()
        self.kwh, self.kw = 1000.001, 0.4
        self.time = TIME + timedelta(seconds=chance.randrange(900))
        self.totals = [(self.time, self.kwh)]

    def live(self, seconds: int) -> None:
        """Let time pass. The energy is reported rarely, and the integration reloads sometimes."""
        due = self.chance.randrange(540, 660)
        for second in range(0, seconds, 20):
            self.time += timedelta(seconds=20)
            self.kwh += self.kw * 20 / 3600
            if second >= due:
                due += self.chance.randrange(540, 660)
                # Until the next total, a round one would seem to be coarse.
                wh = round(self.kwh * 1000)
                self.totals.append((self.time, (wh if wh % 10 else wh + 1) / 1000))
            if not self.is_steady and self.chance.random() < 0.02:
                self.kw = self.chance.choice([0.4, 2.0, 9.0])
            if self.chance.random() < 0.01:
                self.reload()
            self.report()

    def report(self) -> None:
        """Let the entities be read, as after each report."""
        total_at, total = self.totals[-1]
        objects = {"1-0:1.8.0": total, "1-0:1.7.0": self.kw}
        report = Report(Telegram("", None, self.time, objects, {}), total_at)
        assert not self.silent.note_report(report) or self.time - total_at > timedelta(minutes=10)
        telegram = self.silent.timed(report)
        for each in [*self.standstill.until(telegram), telegram]:
            self.household.count_telegram(each.time, Energies(total), self.kw, None)

    def reload(self) -> None:
        """Store the household, and restore it."""
        self.disk.write(self.household)
        stored, contract = self.household.as_dict(), Contract(reference_kw=3)
        self.household = Household.from_dict(stored, contract, self.disk.files)
        self.silent, self.standstill = SilentTotal(), Standstill()

    @property
    def whole(self) -> list[Span]:
        """Return the quarter-hours that count as measured from start to end."""
        self.disk.write(self.household)
        spans = spans_of(self.household, self.disk)
        return [span for span in spans if span.kind is SpanKind.QUARTER_HOUR]


@pytest.mark.parametrize("is_steady", [True, False])
@pytest.mark.parametrize("seed", range(examples(8)))
def test_energy_of_before_a_quarter_hour_proves_no_excess(seed: int, *, is_steady: bool) -> None:
    house = SparseHouse(random.Random(seed), is_steady=is_steady)  # noqa: S311
    house.live(12 * 3600)
    assert len(house.whole) > 20
    for start, end, _, amounts, *_ in house.whole:
        before = [kwh for time, kwh in house.totals if time <= start]
        inside = [kwh for time, kwh in house.totals if start <= time <= end]
        after = [kwh for time, kwh in house.totals if time >= end]
        least = inside[-1] - inside[0] if inside else 0.0
        assert least - 2e-3 <= amounts.imported_wh / 1000, start
        assert amounts.imported_wh / 1000 <= after[0] - (before or inside)[-1] + 2e-3, start
        if is_steady:
            assert amounts.imported_wh == pytest.approx(100, abs=6), start
