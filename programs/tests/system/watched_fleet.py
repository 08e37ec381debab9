"""VictoriaMetrics with its logins, Prometheus and Alertmanager, as `fleet init` makes them."""

import http.client
import json
import re
import shlex
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dev.demo.home_assistant import HOST
from dev.ports import free_ports
from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import is_served
from dev.testing.real_programs import program
from smarty_p1_fleet.init import init
from smartyp1.json_types import JsonDict

METERS = 30


@contextmanager
def answering(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let a server answer in a thread of its own, and close it at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Receiver:
    """A webhook: the messages of Alertmanager, by the path of its address."""

    def __init__(self) -> None:
        self.told: list[tuple[str, JsonDict]] = []
        told, receiver = self.told, self
        self.refuses = False

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = self.path.strip("/")
                is_refused = receiver.refuses and path != "heartbeat"
                if not is_refused:
                    told.append((path, json.loads(body)))
                self.send_response(400 if is_refused else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._handler, self._port = Handler, free_ports()
        self.url = f"http://{HOST}:{self._port}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        with answering(ThreadingHTTPServer((HOST, self._port), self._handler)):
            yield

    def alerts(self, path: str) -> list[tuple[str, str, int]]:
        """Return name, state and number of alerts of each message."""
        return [
            (message["groupLabels"]["alertname"], message["status"], len(message["alerts"]))
            for to, message in self.told
            if to == path
        ]


class WatchedFleet:
    """A store and the programs that watch it. `parts`: its programs, by name, to be started."""

    def __init__(self, tmp_path: Path) -> None:
        self.directory = tmp_path / "fleet"
        self.receiver = Receiver()
        self.titles = [f"53414767700410{number:02X}" for number in range(METERS)]
        store, self.prometheus = free_ports(2), free_ports(4)
        self.url = f"https://{HOST}:{store}"
        meters = "".join(
            f'  {{ title = "{title}", address = "{HOST}:{number + 1}", name = "p{number}" }},\n'
            for number, title in enumerate(self.titles)
        )
        self.inputs = tmp_path / "fleet.toml"
        self.inputs.write_text(
            f'here = true\nstore = "{self.url}"\ncollectors = ["one"]\n'
            f"prometheus_port = {self.prometheus}\n"
            f'pages = "{self.receiver.url}/pages"\ntickets = "{self.receiver.url}/tickets"\n'
            f'heartbeat = "{self.receiver.url}/heartbeat"\n'
            f'[[gateway]]\nname = "cellar"\nmeters = [\n{meters}]\n',
            encoding="utf-8",
        )
        init(self.inputs, self.directory)
        ports = {
            "victoria-metrics": store + 1,
            "vmauth": store,
            "prometheus": self.prometheus,
            "prometheus-alertmanager": self.prometheus + 3,
        }
        self.parts = {name: self._part(name, port) for name, port in ports.items()}

    def _part(self, name: str, port: int) -> Part:
        """Return a program with the command that `fleet init` writes."""
        program(name)
        text = (self.directory / "start.sh").read_text("utf-8")
        found = re.search(rf"(?m)^(?:\(.*exec )?({re.escape(name)} .*?)\)? >(\S+)", text)
        assert found
        command: list[str | Path] = [*shlex.split(found[1])]
        if name == "victoria-metrics":
            # A query finds new lines at once.
            script = f"set -a; . {self.directory}/store/victoria-metrics; exec {name} $ARGS"
            command = ["sh", "-c", f"{script} -search.latencyOffset=0s"]
        return Part(command, Path(found[2]).parent, lambda: is_served(port))

    def change(self, name: str, *changes: tuple[str, str]) -> None:
        """Replace patterns in a file."""
        path = self.directory / name
        text = path.read_text("utf-8")
        for pattern, value in changes:
            text, count = re.subn(pattern, value, text)
            assert count, pattern
        path.write_text(text, "utf-8")

    def ask(
        self, path: str, user: str = "smarty_p1", *, data: bytes | None = None, password: str = ""
    ) -> tuple[int, bytes]:
        """Ask the store as a user; return status and answer."""
        file = self.directory / "passwords" / ("store" if user == "smarty_p1" else f"store-{user}")
        login = f"{user}:{password or file.read_text('ascii').strip()}"
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}{path}",
            data,
            {"Authorization": f"Basic {b64encode(login.encode()).decode()}"},
        )
        context = ssl.create_default_context(cafile=self.directory / "ca" / "ca.pem")
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    @contextmanager
    def logged_in(self, user: str) -> Iterator[Callable[[str, bytes | None], tuple[bool, bytes]]]:
        """Yield a function that asks the store as a user, by POST if there is a body.

        The function returns whether vmauth refuses the path, and the answer.
        """
        context = ssl.create_default_context(cafile=self.directory / "ca" / "ca.pem")
        connection = http.client.HTTPSConnection(
            urllib.parse.urlsplit(self.url).netloc, timeout=20, context=context
        )
        file = self.directory / "passwords" / ("store" if user == "smarty_p1" else f"store-{user}")
        login = b64encode(f"{user}:{file.read_text('ascii').strip()}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}

        def ask(path: str, body: bytes | None) -> tuple[bool, bytes]:
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request("POST" if body else "GET", path, body, headers | kind)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status == http.HTTPStatus.BAD_REQUEST and b"missing route" in text, text

        try:
            yield ask
        finally:
            connection.close()

    def query(self, expression: str) -> list[Any]:
        query = urllib.parse.urlencode({"query": expression})
        found: list[Any] = self._get(self.prometheus, f"/api/v1/query?{query}")["data"]["result"]
        return found

    def firing(self) -> dict[str, int]:
        """Return how many alerts fire, by name, in Prometheus."""
        found: dict[str, int] = {}
        for alert in self._get(self.prometheus, "/api/v1/alerts")["data"]["alerts"]:
            if alert["state"] == "firing":
                name = alert["labels"]["alertname"]
                found[name] = found.get(name, 0) + 1
        return found

    def states(self) -> dict[str, set[str]]:
        """Return the states of alerts, by name, in Alertmanager."""
        found: dict[str, set[str]] = {}
        for one in self._get(self.prometheus + 3, "/api/v2/alerts"):
            found.setdefault(one["labels"]["alertname"], set()).add(one["status"]["state"])
        return found

    @staticmethod
    def _get(port: int, path: str) -> Any:  # noqa: ANN401 - what was asked for
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=20) as answer:
            return json.loads(answer.read())
