"""Programs for developers: simulator, demo, benchmarks, fuzzers and reliability runs."""
