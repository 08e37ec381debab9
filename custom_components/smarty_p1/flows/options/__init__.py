"""Options of an electricity meter: contract, Leneda, MQTT, P1 server, virtual meter."""
