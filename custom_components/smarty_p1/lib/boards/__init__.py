"""The small boards beside the meter: pulses of its LED, and a tank. Trying a port needs serialx.

meter = PulseMeter(1000)
for event in meter.feed(data, time.time()):  # any chunks, as they come
    print(event.pulses, meter.energy_kwh, meter.power_kw(time.time()))

sonar = Sonar()
sonar.feed(data, time.time())
print(tank.share(sonar.distance_cm(time.time())))
"""

from .board_probe import (
    PULSE_TIMEOUT,
    FoundPulses,
    NotSonarError,
    SonarSilentError,
    probe_pulses,
    probe_sonar,
)
from .pulse_meter import PulseMeter, Pulses
from .tank_level import Shape, Sonar, Tank

__all__ = [
    "PULSE_TIMEOUT",
    "FoundPulses",
    "NotSonarError",
    "PulseMeter",
    "Pulses",
    "Shape",
    "Sonar",
    "SonarSilentError",
    "Tank",
    "probe_pulses",
    "probe_sonar",
]
