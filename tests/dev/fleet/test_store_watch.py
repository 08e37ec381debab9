"""When a telegram was stored, although VictoriaMetrics lost it again."""

from dev.fleet.store_watch import StoreWatch

PLACE = ("SAG1030790002574", 1000)
OTHERWISE = 150.0


def stored_at(acknowledged: float, there_at: dict[float, dict[tuple[str, int], float]]) -> float:
    watch = StoreWatch("http://127.0.0.1", [])
    watch._there_at = there_at
    return watch.stored_at(PLACE, acknowledged, OTHERWISE)


def test_what_was_not_lost_counts_from_its_acknowledgement() -> None:
    assert stored_at(100.0, {}) == 100.0
    assert stored_at(100.0, {105.0: {PLACE: 0.0}}) == 100.0
    assert stored_at(100.0, {95.0: {PLACE: 97.0}, 111.0: {PLACE: 117.0}}) == 100.0


def test_what_was_lost_counts_from_when_it_was_there_again() -> None:
    assert stored_at(100.0, {109.0: {PLACE: 117.0}}) == 117.0
    assert stored_at(100.0, {109.0: {PLACE: 117.0}, 120.0: {PLACE: 128.0}}) == 128.0


def test_what_nobody_saw_again_counts_from_when_it_surely_was() -> None:
    assert stored_at(100.0, {109.0: {}}) == OTHERWISE
