"""Records of `capture`."""

import asyncio
from functools import partial

import pytest

from dev.encoder import stored_example
from smarty_p1_cli import capture
from smartyp1.capture.capture_file import Recording
from tests.sending import sending

FULL = stored_example("three_phase_gas_water_heat").data


async def test_a_recording_that_is_full_ends_early(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(capture, "Recording", partial(Recording, 2 * len(FULL)))
    with sending(*[FULL] * 5) as port:
        async with asyncio.timeout(60):
            recording = await capture.record(f"socket://{port}", minutes=60)
    assert recording.size <= 2 * len(FULL)
    assert capsys.readouterr().err == "enough was recorded to fill a file\n"
