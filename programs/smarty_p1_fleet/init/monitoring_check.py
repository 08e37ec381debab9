"""Check of Prometheus and Alertmanager: programs that they do not watch, and alerts that fire."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import aiohttp

from smarty_p1_fleet.outage_log import reason
from smarty_p1_fleet.store.store_requests import ERRORS, check_status, open_session, read_answer
from smartyp1.json_types import JsonDict

from .fleet_description import FleetInputs
from .monitoring import HEARTBEAT, expected_targets

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
_MAX_BYTES = 64 * 1024 * 1024
_MAX_SHOWN = 20
_MAX_CHARS = 300
_RECEIVER = re.compile(r"(?m)^- name: (\S+)\n  \w+_configs:")
_FAILED = "increase(alertmanager_notification_requests_failed_total[1h]) > 0"
_NOT_RELOADED = '{__name__=~"(prometheus|alertmanager)_config_last_reload_successful"} == 0'


async def check_monitoring(fleet: FleetInputs, host: str) -> tuple[str, bool]:
    """Ask Prometheus and Alertmanager at `host`, with the ports of `fleet`.

    Return a text about the problems, and whether there are none: Prometheus asks all programs, and
    no alert fires.
    """
    problems: list[str] = []
    async with open_session() as session:
        for name, port, find in (
            ("Prometheus", fleet.prometheus_port, _ask_prometheus),
            ("Alertmanager", fleet.alertmanager_port, _ask_alertmanager),
        ):
            url = f"http://{host}:{port}"
            try:
                problems += await find(_Api(session, url), fleet)
            except ERRORS as err:
                problems.append(f"{name} at {url} cannot be asked: {reason(err)}")
            except ValueError, LookupError, TypeError, AttributeError:
                problems.append(f"{url} is not {name}")
    if not problems:
        return "Prometheus asks all programs, alerts have receivers, and no alert fires.", True
    shown = [problem[:_MAX_CHARS] for problem in problems[:_MAX_SHOWN]]
    if len(problems) > _MAX_SHOWN:
        shown.append(f"… and {len(problems) - _MAX_SHOWN} more")
    return "\n".join(shown), False


class _Api(NamedTuple):
    """HTTP interface of one program at `url`."""

    session: aiohttp.ClientSession
    url: str

    async def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        async with self.session.get(
            f"{self.url}{path}", params=parameters, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            check_status(response, 200, {})
            return json.loads(await read_answer(response, _MAX_BYTES))

    async def query(self, expression: str) -> list[JsonDict]:
        answer = await self.get("/api/v1/query", query=expression)
        rows: list[JsonDict] = answer["data"]["result"]
        return rows


async def _ask_prometheus(api: _Api, fleet: FleetInputs) -> list[str]:
    targets = (await api.get("/api/v1/targets", state="active"))["data"]["activeTargets"]
    groups = (await api.get("/api/v1/rules"))["data"]["groups"]
    alertmanagers = (await api.get("/api/v1/alertmanagers"))["data"]["activeAlertmanagers"]
    problems = [*_target_problems(targets, fleet), *_rule_problems(groups)]
    if not alertmanagers:
        problems.append("Prometheus tells no Alertmanager of its alerts")
    problems += [
        f"{row['metric']['__name__'].partition('_')[0]} did not accept its configuration"
        for row in await api.query(_NOT_RELOADED)
    ]
    problems += [
        f"{float(row['value'][1]):.0f} messages about alerts were not accepted in the last hour"
        f" ({row['metric']['integration']}): see the log of Alertmanager"
        for row in await api.query(_FAILED)
    ]
    return problems


def _target_problems(targets: Iterable[JsonDict], fleet: FleetInputs) -> Iterator[str]:
    asked = {(target["labels"]["job"], target["labels"]["instance"]) for target in targets}
    for job, address in sorted({*expected_targets(fleet)} - asked):
        yield f"Prometheus does not ask {job} at {address}: install its files with site.yml"
    for target in targets:
        labels = target["labels"]
        if target["health"] != "up":
            error = target["lastError"] or "not asked yet"
            yield f"{labels['job']} at {labels['instance']}: {error}"


def _rule_problems(groups: Iterable[JsonDict]) -> Iterator[str]:
    rules = [rule for group in groups for rule in group["rules"]]
    alerts = {rule["name"]: rule for rule in rules if rule["type"] == "alerting"}
    for rule in rules:
        if rule["health"] == "err":
            yield f"the rule {rule['name']} fails: {rule['lastError']}"
    if alerts.pop(HEARTBEAT, {}).get("state") != "firing":
        yield f"{HEARTBEAT} does not fire: Prometheus has no alerts, or no Alertmanager answers"
    for name, rule in alerts.items():
        yield from _firing(name, rule["alerts"])


def _firing(name: str, alerts: Iterable[JsonDict]) -> Iterator[str]:
    for alert in alerts:
        if alert["state"] == "firing":
            severity, summary = alert["labels"]["severity"], alert["annotations"]["summary"]
            yield f"{name} ({severity}): {summary}"


async def _ask_alertmanager(api: _Api, fleet: FleetInputs) -> list[str]:
    config = (await api.get("/api/v2/status"))["config"]["original"]
    missing = sorted(fleet.receivers.keys() - {*_RECEIVER.findall(config)})
    return [f"{name} have no receiver: install its files with site.yml" for name in missing]
