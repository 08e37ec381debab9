"""Measurements of a fleet: costs, and the least costs of its parts."""
