"""Programs that are killed and stopped, and what becomes of them: for the fleet and system tests."""
