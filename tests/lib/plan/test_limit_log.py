"""Log of the grid operator's limits, as the householder shows it to the operator."""

from datetime import UTC, datetime, timedelta

from smartyp1.plan.limit_guard import GuardedLoad, LimitEventKind, RelayState, SeenLoad
from smartyp1.plan.limit_log import (
    MAX_LIMITS,
    LimitLog,
    LoggedEvent,
    LoggedLimit,
    compacted,
    events_of,
    events_of_limits,
    line_of,
    logged_limits,
)
from smartyp1.stored_json import dump, load

NOW = datetime(2026, 6, 16, 18, tzinfo=UTC)
LIMITED, FREE, SILENT = True, False, None


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Load:
    """Load that is limited to some power, and only measured."""

    def __init__(self, limit_kw: float = 4.2) -> None:
        self.limit_kw = limit_kw
        self.relay, self.guarded = RelayState(), GuardedLoad()
        self.events: list[LoggedEvent] = []

    def look(self, seconds: float, kw: float | None, *, is_limited: bool | None) -> None:
        relay = self.relay = self.relay.seen(at(seconds), is_limited=is_limited)
        seen = SeenLoad(11.0, 11.0, kw)
        cap_kw = self.limit_kw if relay.counts else None
        decision = self.guarded.looked(seen, cap_kw, relay, at(seconds))
        self.guarded = load(GuardedLoad, dump(decision.load))
        self.events += [
            LoggedEvent(event.kind, event.at, None, "relay", "car", "Car", *event[2:])
            for event in decision.events
        ]

    def log(self, *looks: tuple[float, float | None, bool | None]) -> LimitLog:
        """Return the log after looks with seconds, power and state of the relay."""
        for seconds, kw, is_limited in looks:
            self.look(seconds, kw, is_limited=is_limited)
        lines = "".join(map(line_of, self.events)).splitlines()
        return logged_limits(events_of(lines))


def test_a_limit_has_its_times_and_powers() -> None:
    load_ = Load()
    [limit] = load_.log(
        (-9, 11.0, FREE),
        (0, 11.0, LIMITED),
        (5, None, LIMITED),
        (9, 4.6, LIMITED),
        (12, 4.3, LIMITED),
        # The log also shows a peak above the limit while the limit lasts.
        (600, 5.0, LIMITED),
        (900, 0.0, LIMITED),
        (3600, 4.1, FREE),
        (3610, 0.0, LIMITED),
        (3660, 4.1, FREE),
        (3780, 11.0, FREE),
        (7200, 11.0, FREE),
    )
    assert (limit.load, limit.begin, limit.end) == ("Car", at(0), at(3660))
    assert (limit.kw_before, limit.kw_after, limit.obeyed_after) == (11.0, 5.0, 12.0)
    # A relay that bounces is one limit, with its count.
    assert [(event.event, event.bounces) for event in load_.events][-1] == (LimitEventKind.END, 1)


def test_a_load_obeys_within_the_limit() -> None:
    """A voltage varies, and a load that is off takes some watts."""
    rows = [(0.0, 0.05, True), (0.0, 0.2, False), (4.2, 4.5, True), (4.2, 4.6, False)]
    for limit_kw, kw, is_obeyed in rows:
        [limit] = Load(limit_kw).log((0, 11.0, LIMITED), (30, kw, LIMITED))
        assert (limit.obeyed_after == 30) is is_obeyed


def test_a_load_without_power_obeys_at_once() -> None:
    [limit] = Load().log((0, 0.0, LIMITED))
    assert (limit.kw_before, limit.kw_after, limit.obeyed_after) == (0.0, 0.0, 0.0)


def test_a_state_that_is_unknown_begins_and_ends_no_limit() -> None:
    assert Load().log((0, 11.0, SILENT), (4000, 11.0, SILENT)) == ()
    [limit] = Load().log((0, 11.0, LIMITED), (60, 11.0, SILENT), (4000, 11.0, SILENT))
    assert limit.end is None


def test_the_limit_of_a_load_without_a_relay_ends() -> None:
    car = Load()
    car.log((0, 11.0, LIMITED))
    [end] = car.guarded.looked(SeenLoad(0.0, 0.0), None, None, at(60)).events
    assert (end.kind, end.at) == (LimitEventKind.END, at(60))


def event(kind: LimitEventKind, minute: float, relay: str = "relay") -> LoggedEvent:
    return LoggedEvent(kind, at(60 * minute), None, relay, relay, "Car", 4.2, 11.0)


def test_the_log_is_compacted_by_the_number_of_each_relay_and_never_by_age() -> None:
    kinds = LimitEventKind.BEGIN, LimitEventKind.OBEYED, LimitEventKind.END
    busy = [event(kind, minute, "busy") for minute in range(1000) for kind in kinds]
    # A clock that was a thousand days ahead, and one that was behind.
    wrong = [event(kind, days * 1440, "other") for days in (1000, -1000) for kind in kinds]
    kept = compacted([*wrong, *busy])
    assert [at for at in kept if at.relay == "other"] == wrong
    assert [at for at in kept if at.relay == "busy"] == busy[-3 * MAX_LIMITS :]
    assert compacted(kept) == kept


def test_a_line_that_a_crash_has_torn_costs_only_itself() -> None:
    lines = [line_of(event(LimitEventKind.BEGIN, minute, str(minute))) for minute in range(3)]
    lines[1] = lines[1][:40]
    assert [limit.begin for limit in logged_limits(events_of(lines))] == [at(0), at(120)]


def test_the_log_of_an_earlier_version_goes_over_and_an_open_limit_goes_on() -> None:
    car = Load()
    log = car.log((0, 11.0, LIMITED), (12, 4.3, LIMITED), (60, 5.0, FREE), (200, 5.0, FREE))
    log += Load().log((300, 11.0, LIMITED))
    earlier = events_of_limits(load(tuple[LoggedLimit, ...], dump(log)))
    assert logged_limits(earlier) == log
    # The present version begins it anew.
    newer = event(LimitEventKind.BEGIN, 10)._replace(load_id="car")
    end = event(LimitEventKind.END, 11)._replace(load_id="car")
    *_, last = logged_limits([*earlier, newer, end])
    assert (last.begin, last.end) == (at(300), at(660))
