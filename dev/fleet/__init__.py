"""Test of a whole fleet on one machine. It kills the real programs and starts them again."""
