"""The price file of the tests."""

from pathlib import Path

PRICES = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
