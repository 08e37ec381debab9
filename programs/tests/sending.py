"""A port that sends bytes to the first client."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def sending(*parts: bytes) -> Iterator[str]:
    """Yield the address of a port that sends ten parts a second, and stays open afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    for part in parts:
                        connection.sendall(part)
                        time.sleep(0.1)
                    connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
            thread.join(30)
