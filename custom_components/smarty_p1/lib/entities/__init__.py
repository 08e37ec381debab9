"""Tables that describe a meter's entities. An entity's value is computed from a reading.

Home Assistant's entities are made from the tables, and so are the entities that another Home
Assistant discovers by MQTT. A new sensor needs a line in a table, a name in every translation, and
an icon.

All modules are public.
"""
