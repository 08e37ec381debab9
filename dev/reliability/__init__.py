"""Programs that tests kill and restart, and measurements of their memory and CPU time."""
