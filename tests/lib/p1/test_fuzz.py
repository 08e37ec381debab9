"""The fuzzing of the protocol for a moment, and that it notices what it is there to find."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dev.encoder import FRAMES, literal, telegram
from dev.fuzz import feed, properties
from dev.fuzz.feed import Property, run_round
from smartyp1.p1 import Decoder, Event, Telegram

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("tried", feed.PROPERTIES, ids=lambda tried: tried.name)
def test_properties_of_the_protocol(tried: Property) -> None:
    assert run_round(tried, 1, 30) >= 30


@pytest.mark.parametrize(
    "check",
    [
        lambda: properties.check_feed(literal("plain").data, [1]),
        lambda: properties.check_texts([telegram()], [1]),
        lambda: properties.check_endless(b"\0", [1]),
    ],
)
def test_properties_notice_a_decoder_that_depends_on_chunks(
    check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class ForgetfulDecoder(Decoder):
        def feed(self, data: bytes) -> list[Event]:
            return super().feed(data) if len(data) == 1 else []

    monkeypatch.setattr(properties, "Decoder", ForgetfulDecoder)

    with pytest.raises((AssertionError, IndexError)):
        check()


@pytest.mark.parametrize(
    "value",
    [float("nan"), True, datetime.min, ["x"], (("x",),)],  # noqa: DTZ901
)
def test_properties_notice_a_value_of_another_type(value: Any) -> None:  # noqa: ANN401
    found = Telegram("Lux5", None, None, {"1-0:1.8.0": value}, {})

    with pytest.raises(AssertionError):
        properties.check_telegram(found)


def test_feed_says_when_nothing_is_found() -> None:
    """As it is called, atheris included where it is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.fuzz.feed", "--minutes", "0.02", "--seed", "1"],
        env={"PYTHONPATH": str(PROJECT)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing found in ")


def test_feed_says_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_text: str) -> None:
        msg = "a mistake"
        raise ValueError(msg)

    keys = Property("keys", feed.PROPERTIES[3].examples, refuse)
    monkeypatch.setattr(feed, "PROPERTIES", [keys])

    assert feed.main(["--minutes", "0", "--seed", "1"]) == 1

    printed = capsys.readouterr()
    assert "ValueError: a mistake" in printed.err
    assert "keys: again with --seed 1 --minutes 0" in printed.err
    assert printed.out == ""


@pytest.mark.skipif(not find_spec("atheris"), reason="no wheel of atheris here")
def test_a_corpus_is_kept_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # for atheris's own process
    corpus = tmp_path / "kept" / "corpus"
    corpus.mkdir(parents=True)
    (corpus / "earlier").write_bytes(b"\x02earlier")

    monkeypatch.setattr(feed, "PROPERTIES", feed.PROPERTIES[3:4])
    assert feed.main(["--minutes", "0.05", "--seed", "1", "--corpus", str(corpus)]) == 0

    kept = {path.name for path in corpus.iterdir()}
    assert {"earlier", "frame-0", "key"} < kept
    assert len(kept - {"earlier"}) > 2 * len(list(FRAMES.glob("*.json"))) + 2
