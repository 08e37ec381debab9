"""Output of `watch` about a port and its telegrams."""

import pytest

from dev.encoder import KEY, frame, stored_example, telegram
from smarty_p1_cli.rejection_texts import EXPLANATIONS, explain
from smarty_p1_cli.watch_state import WatchState
from smarty_p1_cli.watch_texts import clean, condition, line, summary
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.port.errors import (
    LinkError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
)

NOW = 1000.0
FULL = stored_example("three_phase_gas_water_heat").data


def known_of(data: bytes) -> WatchState:
    """Return the state of a port after these bytes."""
    known = WatchState("socket://gateway:2001")
    known.open(NOW)
    known.receive(data, Decoder(KEY).feed(data), NOW)
    return known


def test_control_characters_of_a_meter_have_no_effect() -> None:
    known = known_of(
        frame(
            1,
            telegram(
                "0-1:24.1.0(003)",
                "0-1:96.1.0([link=x]y)",
                f"0-1:24.2.1(250703101500S)(1*{'m' * 900})",
                "0-2:24.1.0(007)",
                "0-2:24.2.1(250703101500S)(2*\x9b2J)",
            ),
        )
    )
    assert known.telegram
    shown = line(known.telegram)
    assert shown.isprintable()
    assert "2.0 ?2J" in shown
    assert f"1 gas 1.0 {'m' * 17}..., " in shown


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_written_in_words_and_counted(reason: Reason) -> None:
    known = WatchState("/dev/ttyUSB0")
    known.open(NOW)
    known.receive(b"ab", [Rejection(reason)] * 2, NOW)
    known.receive(b"abc", [Rejection(reason)], NOW)

    said = summary(known, NOW)
    assert said.startswith(EXPLANATIONS[reason])
    assert f"{reason.replace('_', ' ')} 3" in said
    assert "no telegram yet, 5 bytes received" in said
    told = f"rejected ({reason}): {EXPLANATIONS[reason]}"
    assert explain(Rejection(reason)) == told
    of_frame = Rejection(reason, 5, b"SAGgp\x04\x10\x2e")
    assert explain(of_frame) == f"{told} [frame counter 5, system title 534147677004102E]"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PortNotFoundError("?"), "no such device"),
        (PortUnreachableError("refused"), "the port does not answer"),
        (PortPermissionError("?"), "this user may not open the port"),
        (PortBusyError("?"), "another program holds the port"),
        (PortSilentError("?"), "nothing received"),
        (LinkError("?"), "the port was lost"),
    ],
)
def test_a_lost_port_is_named_until_it_is_back(error: LinkError, words: str) -> None:
    known = known_of(FULL)
    known.lose(error)

    assert summary(known, NOW).startswith(words)

    known.open(NOW)
    # A silent port is opened anew now and then, and stays silent.
    assert (words in summary(known, NOW)) == isinstance(error, PortSilentError)
    known.receive(b"a", Decoder(KEY).feed(FULL), NOW)
    assert summary(known, NOW).startswith("reading; nothing rejected")


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(1, "1 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h")],
)
def test_the_age_of_the_last_telegram(seconds: float, age: str) -> None:
    assert f"; last telegram {age} ago; " in summary(known_of(FULL), NOW + seconds)


def test_a_long_text_is_cut() -> None:
    known = known_of(FULL)
    known.lose(LinkError("e" * 200))
    known.address = "a" * 100
    assert summary(known, NOW).endswith(f"; {'a' * 57}... ({'e' * 117}...)")
    assert clean("t" * 9999) == f"{'t' * 1021}..."


def test_silence_and_noise_have_different_messages() -> None:
    known = WatchState("/dev/ttyUSB0")
    assert condition(known, NOW) == "opening the port"
    known.open(NOW)
    assert condition(known, NOW + 15) == "waiting for the first telegram"
    assert condition(known, NOW + 16).startswith("nothing received")
    known.lose(PortSilentError("no byte for 30 s"))
    known.open(NOW + 31)
    assert condition(known, NOW + 32).startswith("nothing received")
    known.receive(b"login: abc", [], NOW + 40)
    assert condition(known, NOW + 41).startswith("bytes arrive, but no telegram")


def test_bytes_at_a_port_that_was_read_are_altered_bytes() -> None:
    known = WatchState("/dev/ttyUSB0")
    known.open(NOW)
    for at in range(0, 40, 10):
        known.receive(b"login: " * 30, [], NOW + at)
    assert condition(known, NOW + 30).startswith("bytes arrive, but no telegram")

    known.receive(FULL.hex().encode(), [], NOW + 45)
    assert condition(known, NOW + 46).startswith("bytes arrive as text")

    read = known_of(FULL)
    for at in range(0, 40, 10):
        read.receive(b"login: " * 30, [], NOW + at)
    assert "altered or cut on the way" in condition(read, NOW + 30)
