"""Base classes of the entities of loads, and the entities that triggers and conditions watch."""
