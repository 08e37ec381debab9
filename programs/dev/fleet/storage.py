"""VictoriaMetrics server that a test can kill and start again."""

from pathlib import Path

from dev.demo.home_assistant import HOST
from dev.ports import free_ports
from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import is_served


class VictoriaMetrics(Part):
    """Single-node VictoriaMetrics server at `url`.

    Queries return a sample only once, even if it was written several times. With `shows_doubles`,
    they return the sample for each write. `more` has further command-line options. If these options
    enable TLS, `scheme` must be "https".
    """

    def __init__(
        self,
        directory: Path,
        *more: str,
        shows_doubles: bool = False,
        scheme: str = "http",
    ) -> None:
        port = free_ports()
        self.url = f"{scheme}://{HOST}:{port}"
        directory.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [
            "victoria-metrics",
            f"-storageDataPath={directory / 'data'}",
            f"-httpListenAddr={HOST}:{port}",
            "-retentionPeriod=10y",
            # Keep only one value of a series for each millisecond.
            *([] if shows_doubles else ["-dedup.minScrapeInterval=1ms"]),
            # Let queries find new values at once, without the usual delay.
            "-search.latencyOffset=0s",
            *more,
        ]
        super().__init__(command, directory, lambda: is_served(port))
