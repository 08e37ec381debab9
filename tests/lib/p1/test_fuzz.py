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
from dev.fuzz import feed, mutations, properties
from dev.fuzz.rounds import Property, run_round
from smartyp1.p1 import Decoder, Event, Rejection, Telegram

PROJECT = Path(__file__).parents[3]


def test_mutated_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutations.main(["--frames", "1500", "--seed", "1"]) == 0

    summary = capsys.readouterr().out
    assert summary.count("\n") == 1
    assert summary.startswith("1,500 frames mutated (bits ")
    assert "good frames lost after a false header 0 of" in summary


def test_the_same_seed_makes_the_same_stream() -> None:
    first, again, other = (mutations.make_stream(7, number) for number in (3, 3, 4))

    assert first == again
    assert first.data != other.data
    assert b"".join(first.chunks) == first.data


def without_last(events: list[Event]) -> list[Event]:
    return events[:-1]


def with_a_replay(events: list[Event]) -> list[Event]:
    return [*events, *events]


def with_another_value(events: list[Event]) -> list[Event]:
    for event in events:
        if isinstance(event, Telegram) and "1-0:1.8.0" in event.objects:
            event.objects["1-0:1.8.0"] = 1.0  # type: ignore[index]
    return events


class UnitBlindDecoder(Decoder):
    """Keeps a value for as long as its digits stay the same, whatever their unit."""

    _known: dict[str, tuple[str, Any]]

    def feed(self, data: bytes) -> list[Event]:
        events = super().feed(data)
        known = self.__dict__.setdefault("_known", {})
        for event in events:
            if isinstance(event, Telegram):
                for reference in ("1-0:1.7.0", "1-0:2.7.0", "1-0:32.7.0"):
                    line = event.text.decode().rpartition(f"{reference}(")[2].partition(")")[0]
                    digits = line.partition("*")[0]
                    if reference in event.objects and known.get(reference, "")[:1] == (digits,):
                        event.objects[reference] = known[reference][1]  # type: ignore[index]
                    known[reference] = (digits, event.objects.get(reference))
        return events


class FirstLineDecoder(Decoder):
    """Accepts the line that changed when a reference comes twice, and not the last."""

    def feed(self, data: bytes) -> list[Event]:
        events = super().feed(data)
        lines = self.__dict__.setdefault("_lines", [])
        for event in events:
            if isinstance(event, Telegram):
                former, lines[:] = lines[:], event.text.decode().splitlines()
                if len(former) == len(lines):
                    for old, new in zip(former, lines, strict=True):
                        reference, _, value = new.partition("(")
                        digits = value.partition("*")[0]
                        if old != new and type(event.objects.get(reference)) is float:
                            is_last = [x for x in lines if x.startswith(reference)][-1] is new
                            if not is_last:
                                event.objects[reference] = float(digits)  # type: ignore[index]
        return events


@pytest.mark.parametrize("wrong", [UnitBlindDecoder, FirstLineDecoder])
def test_mutations_notice_a_decoder_that_remembers_wrongly(
    wrong: type[Decoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutations, "Decoder", wrong)

    _, failure = mutations.run_streams(1, range(20), 2000)

    assert failure
    assert "instead of" in failure.problem


def with_an_exception(_events: list[Event]) -> list[Event]:
    msg = "a mistake"
    raise ValueError(msg)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (without_last, "by itself"),
        (with_a_replay, "due are"),
        (with_another_value, "'1-0:1.8.0': 1.0"),
        (with_an_exception, "ValueError: a mistake"),
    ],
)
def test_mutations_notice_a_decoder_that_is_wrong(
    spoil: Callable[[list[Event]], list[Event]],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class WrongDecoder(Decoder):
        def feed(self, data: bytes) -> list[Event]:
            return spoil(super().feed(data))

    monkeypatch.setattr(mutations, "Decoder", WrongDecoder)

    assert mutations.main(["--frames", "100", "--seed", "1", "--stream", "0"]) == 1

    printed = capsys.readouterr()
    assert problem in printed.err
    assert "--seed 1 --stream 0" in printed.err
    assert mutations.make_stream(1, 0).data.hex() in printed.err


def test_mutations_count_what_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class DeafDecoder(Decoder):
        def feed(self, data: bytes) -> list[Event]:
            return [event for event in super().feed(data) if isinstance(event, Rejection)]

    monkeypatch.setattr(mutations, "Decoder", DeafDecoder)

    assert mutations.main(["--frames", "100", "--seed", "1", "--stream", "0"]) == 1

    tally, failure = mutations.run_streams(1, range(1), 100)
    assert failure
    assert tally.delivered == 0
    assert tally.lost == tally.survived
    assert set(tally.lost) == {"a false header", "a cut frame", "a glued frame"}
    capsys.readouterr()


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
