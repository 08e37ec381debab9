"""Test of a whole fleet on one machine: real programs are killed and started again."""
