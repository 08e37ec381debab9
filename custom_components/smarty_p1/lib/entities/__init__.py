"""Tables that describe a meter's entities. An entity's value is computed from a reading.

Home Assistant's entities are made from the tables, and so are the entities that another Home
Assistant discovers by MQTT. A new sensor needs a line in a table, a name in every translation, and
an icon.

Public modules: deadband, devices, entity_description, events, leneda_and_sharing_sensors,
mbus_sensors, meter_sensors, quarter_hour_power_sensors, reception_sensors, tariff_sensors.
"""
