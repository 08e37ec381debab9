"""A gateway that has the key."""

from pathlib import Path

from dev.encoder import KEY, TITLE
from tests.system.sealed_gateway import SealedGateway


class DecodedGateway(SealedGateway):
    """A `smarty-p1 gateway` of one port, with the keys of its meter."""

    def __init__(  # noqa: PLR0913
        self,
        directory: Path,
        broker_port: int,
        address: str,
        *,
        publish: str = "",
        port: str = "",
        key: bytes | None = None,
    ) -> None:
        super().__init__(directory, broker_port, address)
        keys = directory / "meter-keys"
        keys.write_text(
            f"* {key.hex()}\n" if key else f"{TITLE.hex()} {KEY.hex()}\n", encoding="ascii"
        )
        keys.chmod(0o600)
        sealed = self._config.read_text(encoding="utf-8")
        self._config.write_text(
            f'[keys]\nfile = "{keys}"\n[publish]\n{publish}\n{sealed}{port}\n', encoding="utf-8"
        )
