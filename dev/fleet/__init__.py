"""What a fleet consists of, on one machine: real programs that are killed and started again."""
