"""Test alert to each receiver of a fleet's alerts: `send_test_alert.py PORT SEVERITY...`.

PORT is that of Alertmanager on this machine. This program needs nothing but the Python of
Debian 12.
"""

import json
import re
import sys
import time
import urllib.request

# Alertmanager waits ten seconds for more alerts of a kind, and then for the receiver.
_WAIT_S, _MAX_WAIT_S = 20, 60
_TIMEOUT_S = 10
_COUNTERS = (
    "alertmanager_notifications_total",
    "alertmanager_notifications_failed_total",
    "alertmanager_notification_requests_total",
    "alertmanager_notification_requests_failed_total",
)


def _read(url: str) -> dict[str, float]:
    """Return the values of the counters, each summed over all kinds of receivers."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=_TIMEOUT_S) as answer:  # noqa: S310 - of this machine
        text = answer.read().decode()
    return {
        name: sum(float(value) for value in re.findall(rf"(?m)^{name}\{{.*\}} (.*)$", text))
        for name in _COUNTERS
    }


def _read_when_ready(url: str) -> dict[str, float]:
    """Return the values of the counters. Alertmanager may have been started just now."""
    end = time.monotonic() + _MAX_WAIT_S
    while True:
        try:
            return _read(url)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def main(port: str, *severities: str) -> int:
    """Return 0 if no receiver refused the alert, otherwise 1."""
    url, now = f"http://127.0.0.1:{port}", time.time()
    before = _read_when_ready(url)
    alerts = [
        {
            # With a name of its own, the alert does not wait behind an earlier test.
            "labels": {"alertname": f"TestAlert{now:.0f}", "severity": severity},
            "annotations": {"summary": f"Test: alerts with the severity {severity} reach you"},
            "endsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 120)),
        }
        for severity in severities
    ]
    data, kind = json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v2/alerts", data, kind)  # noqa: S310
    urllib.request.urlopen(request, timeout=_TIMEOUT_S).close()  # noqa: S310
    rises: dict[str, float] = {}
    *_, requests, failed_requests = _COUNTERS
    while time.time() < now + _MAX_WAIT_S:
        time.sleep(1)
        rises = {name: count - before[name] for name, count in _read(url).items()}
        if time.time() > now + _WAIT_S and rises[requests] >= len(severities):
            break
    for name in _COUNTERS:
        sys.stdout.write(f"{name}: +{rises[name]:.0f}\n")
    if rises[failed_requests] or rises[requests] < len(severities):
        sys.stdout.write("A receiver did not accept it: journalctl -u prometheus-alertmanager\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
