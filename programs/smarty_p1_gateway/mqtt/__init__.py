"""Publishing to an MQTT broker: its client, encrypted frames, decoded values."""
