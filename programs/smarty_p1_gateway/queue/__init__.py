"""Queue of frames that are not acknowledged yet, in memory and on the disk."""
