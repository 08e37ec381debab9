"""Programs that are killed and stopped, and their cost: for the fleet and the system tests."""
