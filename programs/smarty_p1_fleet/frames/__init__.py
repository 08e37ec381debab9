"""Frames from NATS to verified telegrams: order, counters, frames that wait for a key."""
