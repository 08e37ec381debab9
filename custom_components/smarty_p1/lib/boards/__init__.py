"""Readers for two kinds of boards: LED pulse readers at a meter, and level sensors of a tank.

    meter = PulseMeter(1000)
    for event in meter.feed(data, time.time()):  # received bytes, in chunks of any size
        print(event.pulses, meter.energy_kwh, meter.power_kw(time.time()))

    sonar = Sonar()
    sonar.feed(data, time.time())
    print(tank.share(sonar.distance_cm(time.time())))

The package does no I/O, and has no clock.

Public modules: board_message, pulse_meter, tank_level.
"""
