"""The frame against literal ones, byte by byte."""

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from dev.simulator.frame import LengthForm, encipher
from tests.dev.simulator.support import AUTHENTICATION_KEY, FRAMES, KEY, open_frame

TITLE = bytes.fromhex("534147677004102E")
FORMS: dict[str, LengthForm] = {"length_in_81_form": "81", "length_in_short_form": "short"}
ENCIPHERED = [path for path in sorted(FRAMES.glob("*.json")) if path.stem != "plain"]


@pytest.mark.parametrize("path", ENCIPHERED, ids=lambda path: path.stem)
def test_literal_frames(path: Path) -> None:
    literal = json.loads(path.read_text())
    made = encipher(
        literal["telegram"],
        key=bytes.fromhex(literal["key"]),
        system_title=bytes.fromhex(literal["system_title"]),
        counter=literal["frame_counter"],
        authentication_key=bytes.fromhex(literal["authentication_key"]),
        length_form=FORMS.get(path.stem, "82"),
    )
    assert made == bytes.fromhex(literal["bytes"])


@given(st.text(st.characters(max_codepoint=127), max_size=5000), st.integers(0, 0xFFFFFFFF))
def test_any_text_comes_back(text: str, counter: int) -> None:
    made = encipher(text, key=KEY, system_title=TITLE, counter=counter)
    assert open_frame(made, KEY, AUTHENTICATION_KEY) == (TITLE, counter, text, b"")
