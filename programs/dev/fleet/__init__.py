"""Test of a whole fleet on one machine. It runs the real programs, kills them and restarts them."""
