"""Programs that tests kill and restart, and their memory and CPU time."""
