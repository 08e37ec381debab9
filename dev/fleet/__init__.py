"""A whole fleet on one machine: real programs that are killed and started again."""
