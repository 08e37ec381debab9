"""Readings of a meter, made from its telegrams.

    reader = MeterReader(MeterMemory(Household(Contract(reference_kw=7))))
    reading = reader.read(telegram, datetime.now(UTC))
    print(reading.telegram.objects["1-0:1.8.0"], reading.channels, reading.demand)

A `MeterSession` makes readings from the bytes of a port, and accepts only the telegrams of that
port's meter. If a register falls or leaps, readings repeat its last total until a day of telegrams
has confirmed the new one. A meter on the M-Bus is recognised by its identifier. A reading also has
the quarter-hours of the grid tariff.

Public modules: held_back_totals, key_proof, last_hour, mbus_meters, meter_identity, meter_memory,
meter_reader, meter_session, money, object_count_and_rate_limits, telegram_from_source_entities.
"""
