"""Plugin of pytest: each test runs alone, in a fork of the process that has collected the tests.

scripts/test -p dev.testing.forked_tests tests/lib
"""

import gc
import json
import os
from tempfile import TemporaryFile

import pytest
from _pytest.runner import runtestprotocol


def pytest_collection_finish() -> None:
    """Keep the memory that all forks share from being copied by each."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool:
    """Run a test with its fixtures in a fork, and report its results here."""
    config, hook = item.config, item.ihook
    # Otherwise, each fork makes its own folder for the temporary files of all tests.
    config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    with TemporaryFile("w+") as file:
        if not (fork := os.fork()):
            reports = runtestprotocol(item, log=False)
            json.dump(
                [hook.pytest_report_to_serializable(config=config, report=at) for at in reports],
                file,
            )
            file.flush()
            os._exit(0)
        _, status = os.waitpid(fork, 0)
        file.seek(0)
        stored = json.loads(file.read() or "[]")
    reports = [hook.pytest_report_from_serializable(config=config, data=data) for data in stored]
    if status or not reports:
        text = f"its process ended with status {status}"
        reports = [pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")]
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
