"""What developers run: simulator, demo, benchmarks, fuzzers, reliability runs."""
