"""Simulated platform Leneda that has the past year of a simulated meter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dev.demo.meter_statistics import start_of_history
from dev.leneda import Platform
from dev.simulator import Meter

ACCOUNT = {
    "api_key": "demo",
    "energy_id": "LUXE-DE-MO-00000",
    "consumption_point": "LU0000000000000000000000000000001",
    "production_point": "LU0000000000000000000000070000001",
}
_QUARTER_HOUR = timedelta(minutes=15)


def platform_of(meter: Meter) -> Platform:
    """Return a simulated platform with the imported and exported energy of `meter`."""
    platform = Platform(key=ACCOUNT["api_key"], energy_id=ACCOUNT["energy_id"])
    first = start_of_history(datetime.now(UTC))

    def mean_kw(register: str) -> Callable[[datetime], float | None]:
        def read(start: datetime) -> float | None:
            ends = meter.registers_at(start), meter.registers_at(start + _QUARTER_HOUR)
            before, after = (getattr(end, register) for end in ends)
            return (after - before) * 4 if start >= first else None

        return read

    platform.series[ACCOUNT["consumption_point"], "1-1:1.29.0"] = mean_kw("imported_kwh")
    platform.series[ACCOUNT["production_point"], "1-1:2.29.0"] = mean_kw("exported_kwh")
    return platform
