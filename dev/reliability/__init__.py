"""Real programs that tests kill and restart, and measurements of memory and CPU time."""
