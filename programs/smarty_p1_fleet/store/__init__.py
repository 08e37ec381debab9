"""VictoriaMetrics: login, requests, writing and reading of series, export, stored counters."""
