"""The limit of an answer for assistants."""

import json

import pytest

from smartyp1.answers.assistant_facts import MAX_BYTES, shortened
from smartyp1.json_types import JsonDict


def size(facts: object) -> int:
    """Return the size as Home Assistant sends facts to a model."""
    return len(json.dumps(facts, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "facts",
    [
        {"total_eur": 87.78, "lines": []},
        {"total_eur": 87.78, "lines": [{"label": "é" * 64, "amount_eur": n} for n in range(200)]},
        {"months": [{"month": f"{n}"} for n in range(500)], "lines": [{"name": "€" * 900}] * 5},
        {"lines": [{"name": "x" * 10_000}]},
    ],
)
def test_a_long_answer_loses_its_last_rows_and_marks_it(facts: JsonDict) -> None:
    short = shortened(facts)

    assert size(short) <= MAX_BYTES
    left_out = short.pop("left_out", {})
    assert bool(left_out) is (size(facts) > MAX_BYTES)
    for name, value in facts.items():
        kept = short[name]
        if name in left_out:
            assert kept == value[: len(kept)]
            assert len(kept) + left_out[name] == len(value)
        else:
            assert kept == value
