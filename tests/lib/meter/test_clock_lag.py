"""How far a meter's clock is behind, by the delays of telegrams from a broker."""

from smartyp1.meter.clock_lag import ClockLag


def lag_of(*delays: float, every: float = 10.0, known: float | None = None) -> float:
    """Return the lag after telegrams with these delays."""
    lag = ClockLag()
    for n, delay in enumerate(delays):
        lag.note_times(n * every, n * every - delay)
    return lag.seconds(known)


def test_the_smallest_delay_of_a_minute_is_the_lag() -> None:
    assert lag_of() == 0
    assert lag_of(*[25] * 6) == 0
    assert lag_of(*[25] * 7) == 25
    assert lag_of(*[25] * 6, 70) == 25
    # A clock that is ahead is known from the first telegram.
    assert lag_of(-60) == -60


def test_a_clock_that_is_set_is_followed() -> None:
    assert lag_of(*[60] * 7, 0) == 0
    assert lag_of(0, *[60] * 12) == 0
    assert lag_of(0, *[60] * 13) == 60


def test_a_known_lag_holds_unless_a_telegram_came_sooner() -> None:
    assert lag_of(known=20) == 20
    assert lag_of(*[50] * 7, known=20) == 20
    assert lag_of(12, known=20) == 12


def test_a_backlog_is_no_lag() -> None:
    backlog = [300 - n for n in range(276)]
    # At once after the start: the last telegram of the backlog is still 25 s late.
    assert lag_of(*backlog, every=0.1) == 0
    lag = ClockLag()
    for n in range(13):
        lag.note_times(n * 10, n * 10 - 2)
    for n, delay in enumerate(backlog[:256:20]):
        # After an outage of a minute, and of five.
        lag.note_times(180 + n, 180 + n - delay)
        assert lag.seconds(None) == 2
    for n, delay in enumerate(backlog[::20]):
        lag.note_times(500 + n, 500 + n - delay)
        assert lag.seconds(None) == 0


def test_the_clock_of_this_machine_is_put_back() -> None:
    lag = ClockLag()
    lag.note_times(4000, 3990)
    lag.note_times(400, 3990)
    assert lag.seconds(None) == -3590
