"""Limits for the connections to a virtual meter: their number, idle time and time of a request."""

MAX_CONNECTIONS = 128
MAX_CONNECTIONS_OF_ONE = 48
MAX_LISTENERS = 64
MAX_LISTENERS_OF_ONE = 32
# Seconds without a request until a connection is closed. A new connection is closed earlier, after
# MAX_FIRST_REQUEST_S without a request.
MAX_IDLE_S = 75.0
MAX_FIRST_REQUEST_S = 10.0
CHECK_INTERVAL_S = 5.0
MAX_BODY_S = 5.0
UNANSWERED_MS = 60_000
