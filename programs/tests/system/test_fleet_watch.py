"""The alerts and logins of a fleet, with VictoriaMetrics, vmauth, Prometheus and Alertmanager.

Waits are shorter than in a real fleet: minutes are seconds.
"""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote

from dev.checkout import PROGRAMS
from dev.demo.home_assistant import HOST
from dev.testing.real_programs import program, until
from smarty_p1_fleet.init import check_monitoring, init, read_inputs
from smarty_p1_fleet.init.fleet_description import FleetInputs
from smarty_p1_fleet.store.export_csv import read_store_config
from smarty_p1_fleet.store.store_reader import open_reader, selector
from tests.system.watched_fleet import METERS, WatchedFleet

RUNBOOK = "/programs/docs/fleet-runbooks.md#the-store-is-away"


async def test_the_stores_end_is_one_page(tmp_path: Path) -> None:
    fleet = WatchedFleet(tmp_path)
    fleet.change(
        "prometheus/prometheus.yml", (r"(scrape|evaluation)_interval: 10s", r"\1_interval: 1s")
    )
    fleet.change(
        "prometheus/alerts.yml",
        (r"interval: 1m", "interval: 1s"),
        (r"(for|keep_firing_for): (\d+)m", r"\1: \2s"),
        # Long enough for a busy machine: the page must come first.
        (r"> 300\b", "> 20"),
        (r"10m:30s", "10s:1s"),
    )
    fleet.change("prometheus/meters.yml", (r"interval: 1m", "interval: 1s"))
    fleet.change("prometheus/alertmanager.yml", (r"group_wait: 10s", "group_wait: 1s"))
    # Gateways and collectors are not here: their end is another alert.
    (fleet.directory / "prometheus" / "targets.json").write_text("[]", "ascii")
    receiver = fleet.receiver

    def store_readings() -> None:
        now = time.time()
        lines = (
            f"smarty_p1,meter=M{number},title={title},gateway=cellar,port=p{number}"
            f" last_seen={now:.0f},active_power_imported=1,voltage_l1=230 {now:.0f}000\n"
            for number, title in enumerate(fleet.titles)
        )
        data = "".join(lines).encode()
        assert fleet.ask("/vm/write?precision=ms", "collector", data=data)[0] == 204

    async def all_are_seen() -> bool:
        store_readings()
        return (
            len(fleet.query("smarty_p1:last_seen and on (title) smarty_p1:configured_meter"))
            == METERS
        )

    async def all_seem_silent() -> bool:
        # For longer than an alert would wait.
        return len(fleet.query("time() - smarty_p1:last_seen > 20 + 10 + 5")) == METERS

    async def has_ended() -> bool:
        store_readings()
        return fleet.firing() == {"Heartbeat": 1}

    async with AsyncExitStack() as stack:
        stack.enter_context(receiver.serving())
        for part in fleet.parts.values():
            await stack.enter_async_context(part)
        await until(all_are_seen)
        # Voltages are not copied.
        assert not fleet.query("smarty_p1_voltage_l1")
        await until(lambda: bool(fleet.query('up{job="victoria_metrics"} == 1')))
        assert receiver.alerts("pages") == receiver.alerts("tickets") == []

        await fleet.parts["victoria-metrics"].kill()
        await until(lambda: bool(receiver.alerts("pages")))
        assert receiver.alerts("pages") == [("StoreAway", "firing", 1)]
        [message] = [message for path, message in receiver.told if path == "pages"]
        [alert] = message["alerts"]
        assert alert["labels"]["severity"] == "page"
        assert alert["annotations"]["runbook_url"].endswith(RUNBOOK)

        # No meter counts as silent then, and none just after it.
        await until(all_seem_silent)
        assert fleet.firing().keys() == {"Heartbeat", "StoreAway"}
        assert fleet.states()["StoreAway"] == {"active"}
        assert len(receiver.alerts("pages")) == 1

        await fleet.parts["victoria-metrics"].start()
        await until(lambda: bool(fleet.query('up{job="victoria_metrics"} == 1')))
        assert "MeterSilent" not in fleet.firing()
        await until(has_ended)
        assert receiver.alerts("tickets") == []


async def test_a_thousand_silent_meters_are_one_ticket(tmp_path: Path) -> None:
    fleet = WatchedFleet(tmp_path)
    fleet.change("prometheus/alertmanager.yml", (r"group_wait: 10s", "group_wait: 1s"))
    receiver = fleet.receiver
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    def tell(*labels: dict[str, str]) -> None:
        alerts = [{"labels": label, "endsAt": end} for label in labels]
        request = urllib.request.Request(
            f"http://{HOST}:{fleet.prometheus + 3}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            assert answer.status == 200

    def silent(gateway: str, number: int) -> dict[str, str]:
        return {
            "alertname": "MeterSilent",
            "severity": "ticket",
            "gateway": gateway,
            "port": f"p{number}",
            "title": f"{gateway}{number}",
        }

    async def is_told(path: str, name: str) -> bool:
        return name in [one for one, *_ in receiver.alerts(path)]

    with receiver.serving():
        async with fleet.parts["prometheus-alertmanager"]:
            # A gateway is down: alerts of its own meters follow from that, alerts of other meters
            # do not.
            tell({"alertname": "GatewayDown", "severity": "page", "gateway": "cellar"})
            await until(lambda: is_told("pages", "GatewayDown"))
            tell(*(silent("cellar", number) for number in range(1000)))
            tell(
                *(silent("attic", number) for number in range(1000)),
                {"alertname": "KeysUnreadable", "severity": "ticket"},
            )
            await until(lambda: is_told("tickets", "MeterSilent"))
            await until(lambda: is_told("tickets", "KeysUnreadable"))
    assert receiver.alerts("pages") == [("GatewayDown", "firing", 1)]
    assert sorted(receiver.alerts("tickets")) == [
        ("KeysUnreadable", "firing", 1),
        ("MeterSilent", "firing", 1000),
    ]


def alert_tester(fleet: WatchedFleet, playbook: Path) -> list[str]:
    """Write a playbook with the tasks that send a test alert. Return the command that runs it."""
    ansible = program(str(PROGRAMS / ".venv" / "bin" / "ansible-playbook"))
    variables = {
        "ansible_python_interpreter": sys.executable,
        "smarty_p1_prometheus_port": fleet.prometheus,
        "smarty_p1_receivers": ["page", "ticket"],
    }
    tasks = str(PROGRAMS / "smarty_p1_fleet/ansible/roles/smarty_p1/tasks/test_alert.yml")
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables}
    text = json.dumps([play | {"tasks": [{"ansible.builtin.import_tasks": tasks}]}])
    playbook.write_text(text, "utf-8")
    return ["env", f"ANSIBLE_LOCAL_TEMP={playbook.parent}", ansible, str(playbook)]


async def test_the_check_names_unwatched_programs_and_failing_receivers(
    tmp_path: Path,
) -> None:
    fleet = WatchedFleet(tmp_path)
    fleet.change(
        "prometheus/prometheus.yml", (r"(scrape|evaluation)_interval: 10s", r"\1_interval: 1s")
    )
    fleet.change(
        "prometheus/alertmanager.yml",
        (r"group_wait: 10s", "group_wait: 1s"),
        (r"group_interval: 1m", "group_interval: 1s"),
        (r"repeat_interval: 5m", "repeat_interval: 1s"),
    )
    (fleet.directory / "prometheus" / "targets.json").write_text("[]", "ascii")
    described = read_inputs(fleet.inputs)
    # Gateways, collectors and nodes are not here.
    watched = described._replace(gateways=(), collectors=(), nodes=())

    async def lines(inputs: FleetInputs = watched) -> list[str]:
        text, is_right = await check_monitoring(inputs, HOST)
        assert is_right == text.endswith("no alert fires.")
        return text.splitlines()

    tester = alert_tester(fleet, tmp_path / "test_alert.yml")

    def send_test_alert() -> tuple[int, str]:
        end = subprocess.run(tester, check=False, capture_output=True, text=True)
        return end.returncode, end.stdout + end.stderr

    async def all_is_well() -> bool:
        return await lines() == [
            "Prometheus asks all programs, alerts have receivers, and no alert fires."
        ]

    command = [str(PROGRAMS / "scripts" / "p1"), "fleet", "check", str(fleet.inputs)]
    end = await asyncio.to_thread(
        partial(subprocess.run, command, check=False, capture_output=True, text=True)
    )
    said = [line.partition(" at ")[0] for line in end.stdout.splitlines()]
    assert (end.returncode, said, end.stderr) == (1, ["Prometheus", "Alertmanager"], "")
    receiver = fleet.receiver
    async with AsyncExitStack() as stack:
        stack.enter_context(receiver.serving())
        for part in fleet.parts.values():
            await stack.enter_async_context(part)
        await until(all_is_well)
        await until(lambda: ("Heartbeat", "firing", 1) in receiver.alerts("heartbeat"))
        assert {path for path, _ in receiver.told} == {"heartbeat"}
        said = await lines(described)
        for job in ("smarty_p1_gateway", "smarty_p1_collector", "nats"):
            [line] = [line for line in said if line.startswith(f"Prometheus does not ask {job} at")]
            assert line.endswith("install its files with site.yml")

        # The test alert comes to both, also a second time, and to an Alertmanager that starts.
        for number in (1, 2):
            await fleet.parts["prometheus-alertmanager"].kill()
            sending = asyncio.create_task(asyncio.to_thread(send_test_alert))
            await asyncio.sleep(1)
            await fleet.parts["prometheus-alertmanager"].start()
            status, text = await sending
            assert (status, "Each receiver has accepted" in text) == (0, True), text
            for path in ("pages", "tickets"):
                assert len(receiver.alerts(path)) == number
        # Heartbeats are accepted, also before the test alert is sent.
        await fleet.parts["prometheus-alertmanager"].kill()
        fleet.change("prometheus/alertmanager.yml", (r"group_wait: 1s", "group_wait: 8s"))
        await fleet.parts["prometheus-alertmanager"].start()
        beats = len(receiver.alerts("heartbeat"))
        await until(lambda: len(receiver.alerts("heartbeat")) > beats + 2)
        receiver.refuses = True
        status, text = await asyncio.to_thread(send_test_alert)
        assert (status, "A receiver did not accept the test alert" in text) == (2, True), text

        async def is_told() -> bool:
            said = await lines()
            return any("messages about alerts were not accepted" in line for line in said)

        await until(is_told)
        await fleet.parts["victoria-metrics"].kill()

        async def end_is_told() -> bool:
            return any(line.startswith("victoria_metrics at ") for line in await lines())

        await until(end_is_told)


PAGE = (PROGRAMS / "docs" / "fleet-security.md").read_text("utf-8")
COLLECTOR_PATHS = ("/vm/write", "/vm/metrics", "/vm/api/v1/query")
READER_PATHS = (
    *("/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels"),
    *("/api/v1/label/meter/values", "/api/v1/export", "/api/v1/metadata", "/federate"),
)
# Further paths of VictoriaMetrics 1.79, from its documentation: they write, delete, or list.
OTHER_PATHS = (
    *("/write", "/influx/write", "/api/v2/write", "/influx/api/v2/write", "/api/v1/write"),
    *("/api/v1/import", "/api/v1/import/csv", "/api/v1/import/native", "/api/v1/import/prometheus"),
    *("/api/put", "/datadog/api/v1/series", "/api/v1/admin/tsdb/delete_series", "/tags/delSeries"),
    *("/snapshot/create", "/snapshot/list", "/snapshot/delete", "/snapshot/delete_all"),
    *("/internal/force_merge", "/internal/force_flush", "/internal/resetRollupResultCache"),
    *("/api/v1/status/tsdb", "/api/v1/status/active_queries", "/api/v1/status/top_queries"),
    *("/api/v1/export/csv", "/api/v1/export/native", "/api/v1/query_exemplars", "/api/v1/rules"),
    *("/api/v1/alerts", "/api/v1/series/count", "/tags", "/metrics/find", "/metrics/expand"),
    *("/metrics/index.json", "/render", "/targets", "/service-discovery", "/config", "/flags2"),
    *("/vmui", "/graph", "/expand-with-exprs", "/debug/vars", "/resetRollupResultCache"),
)
FILTERS = (
    "extra_label=__name__=smarty_p1_active_power_imported",
    "extra_label=meter=M",
    "extra_filters[]=%7Bmeter%3D%22M%22%7D",
    "extra_filters=%7B__name__%3D~%22.%2B%22%7D",
    "match[]=%7B__name__%3D~%22.%2B%22%7D",
)


def every_path() -> list[str]:
    """Return all paths, also in notations that a proxy may read otherwise than the store."""
    plain = {*COLLECTOR_PATHS, *READER_PATHS, *OTHER_PATHS}
    below = {f"/vm{path}" for path in plain if not path.startswith("/vm/")}
    found = []
    for path in sorted(plain | below):
        head, _, tail = path.rpartition("/")
        found += [
            path,
            f"/{path}",
            f"{head}//{tail}",
            f"/vm/write/..{path}",
            f"/vm/write%2F..{path}",
        ]
        found += [f"{head}%2F{tail}"] if head else []
    return found


USERS = ("collector", "reader", "smarty_p1")
METRICS = "/vm/metrics"
MAY = {
    "collector": {*COLLECTOR_PATHS},
    "reader": {*READER_PATHS, METRICS},
}


def documented_answers() -> dict[str, dict[str, bool]]:
    """Return which users the page's table lets use each of its paths."""
    table = PAGE.partition("| path |")[2]
    rows = re.findall(r"(?m)^\| (`/.+?) \| (.+) \| (.+) \| (.+) \|$", table)
    return {
        path: {user: cell != "refused" for user, cell in zip(USERS, answers, strict=True)}
        for paths, *answers in rows
        for path in re.findall(r"`([^`]+)`", paths)
    }


def check_every_path(fleet: WatchedFleet) -> None:
    """Let each login try each path, in each notation, with each filter, by GET and by POST."""
    wanted = "query=%7Btitle%3D%22T%22%7D"
    documented = documented_answers()
    assert len(documented) > 8
    for user in USERS:
        with fleet.logged_in(user) as ask:
            # The operator's login may use each path.
            notations = every_path() if user in MAY else sorted({*OTHER_PATHS, *documented})
            answered: set[str] = set()
            for path in notations:
                for query, body in ((f"?{wanted}", None), ("", wanted.encode())):
                    is_refused, answer = ask(f"{path}{query}", body)
                    if not is_refused:
                        answered.add("/" + normpath(unquote(path)).lstrip("/"))
                    assert user != "collector" or b"active_power" not in answer, path
            allowed = MAY.get(user, answered)
            assert answered <= allowed, user
            assert documented == {
                path: users | {user: path in answered} for path, users in documented.items()
            }, user
            # No filter shows the collector more.
            for path in allowed if user == "collector" else ():
                for wider in FILTERS:
                    for query, body in (
                        (f"?{wanted}&{wider}", None),
                        (f"?{wider}", wanted.encode()),
                        ("", f"{wanted}&{wider}".encode()),
                    ):
                        assert b"active_power" not in ask(f"{path}{query}", body)[1], (path, wider)


async def test_each_login_has_only_the_rights_of_its_purpose(tmp_path: Path) -> None:
    fleet = WatchedFleet(tmp_path)
    key = (fleet.directory / "operator" / "delete-auth-key").read_text("ascii").strip()
    line = b"smarty_p1,meter=M,title=T active_power_imported=1\n"
    counter = b"smarty_p1,title=T,key=K frame_counter=7\n"
    reads = "/api/v1/export?match[]=%7Bmeter!=%22%22%7D"
    deletes = "/api/v1/admin/tsdb/delete_series"
    matching = b"match[]=%7Bmeter%3D%22M%22%7D"

    def status(user: str, path: str, data: bytes | None = None) -> int:
        return fleet.ask(path, user, data=data)[0]

    async with fleet.parts["victoria-metrics"], fleet.parts["vmauth"]:
        assert status("collector", "/vm/write", line + counter) == 204
        assert b"\nvm_app_uptime_seconds " in fleet.ask("/vm/metrics", "collector")[1]

        async def is_stored() -> bool:
            return b"active_power_imported" in fleet.ask(reads, "reader")[1]

        await until(is_stored)
        # The collector reads only its counters, with any additional filter.
        for more in (b"", b"&extra_label=meter=M", b"&extra_filters[]=%7Bmeter%3D%22M%22%7D"):
            answer = fleet.ask("/vm/api/v1/query", "collector", data=b'query={title="T"}' + more)[1]
            assert b"active_power" not in answer
            assert (b"frame_counter" in answer) == (not more)
        for path in (reads, f"/vm{reads}", f"/vm{deletes}", "/vm/snapshot/create", "/vm/../write"):
            assert status("collector", path) == 400
        for path in ("/write", "/vm/write", "/api/v1/write", deletes, "/snapshot/create"):
            assert status("reader", path, line) == 400
        assert fleet.ask(reads, "reader", password="guessed")[0] == 400

        check_every_path(fleet)

        # The operator needs one secret more to delete.
        assert b"authKey" in fleet.ask(deletes, data=matching)[1]
        assert await is_stored()
        assert status("smarty_p1", deletes, matching + f"&authKey={key}".encode()) == 204
        assert not await is_stored()

        # A collector is stolen: the runbook's commands make another login.
        file = fleet.directory / "passwords" / "store-collector"
        stolen = file.read_text("ascii").strip()
        file.unlink()
        init(fleet.inputs, fleet.directory)
        fleet.parts["vmauth"].send(signal.SIGHUP)
        await until(lambda: status("collector", "/vm/write", line) == 204)
        assert fleet.ask("/vm/write", "collector", data=line, password=stolen)[0] == 400


async def test_each_answer_is_whole(tmp_path: Path) -> None:
    fleet = WatchedFleet(tmp_path)
    config = read_store_config(fleet.directory / "operator" / "operator.toml")
    lines = [f"smarty_p1,meter=M,title=T{number} power=1 1770000000000" for number in range(2000)]
    async with fleet.parts["victoria-metrics"], fleet.parts["vmauth"]:
        assert (
            fleet.ask("/vm/write?precision=ms", "collector", data="\n".join(lines).encode())[0]
            == 204
        )
        async with open_reader(config) as reader:

            async def are_found() -> bool:
                return len(await reader.series(selector("M"))) == len(lines)

            await until(are_found)
            for _ in range(30):
                series, values = await asyncio.gather(
                    reader.series(selector("M")), reader.values(selector("M"), 1.7e9, 1.8e9)
                )
                assert (len(series), len(values)) == (len(lines), len(lines))
