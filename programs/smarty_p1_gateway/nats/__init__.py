"""Publishing of encrypted frames to NATS: its client, configuration and acknowledgements."""
