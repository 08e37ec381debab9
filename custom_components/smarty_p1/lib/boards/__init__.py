"""Boards: a pulse board counts the blinks of a meter's LED, a tank board measures a level. No I/O.

meter = PulseMeter(1000)
for event in meter.feed(data, time.time()):  # any chunks, as they come
print(event.pulses, meter.energy_kwh, meter.power_kw(time.time()))

sonar = Sonar()
sonar.feed(data, time.time())
print(tank.share(sonar.distance_cm(time.time())))
"""

from .pulse_meter import PulseMeter, Pulses
from .tank_level import Shape, Sonar, Tank

__all__ = [
    "PulseMeter",
    "Pulses",
    "Shape",
    "Sonar",
    "Tank",
]
