"""Energy sharing of connections, and files with their quarter-hours."""

import json
import random
from math import nan
from pathlib import Path

import pytest

from dev.testing.random_examples import examples
from smarty_p1_cli.connection_files import EnergyRow, EnergyRows
from smarty_p1_cli.fleet.connection_energy import share_energy, whole_parts
from tests.cli.conftest import Run

HEAD = "connection,building,start,utc,imported_kwh,exported_kwh,is_known,layer,shared_kwh,given_kwh"
CONTRACT = (
    "[[contracts]]\nreference_power = 3\nenergy_price = 0.1\nvat = true\nwith_levies = true\n"
)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [50, 50], [5, 5]),
        (11, [50, 50], [6, 5]),
        (100, [33.3, 33.3, 33.4], [33, 33, 34]),
        (2, [60, 30, 10], [1, 1, 0]),
        (0, [60, 40], [0, 0]),
        (5, [0, 0], [0, 0]),
        (3, [0, 100], [0, 3]),
    ],
)
def test_the_largest_remainders_are_rounded_up(
    total: int, weights: list[float], parts: list[int]
) -> None:
    assert whole_parts(total, weights) == parts


def test_a_member_gets_its_share_or_its_import_and_the_rest_stays_export() -> None:
    members: dict[str, EnergyRows] = {
        "roof": {7: EnergyRow(0, 1000, is_known=True), 8: EnergyRow(0, nan, is_known=True)},
        "much": {7: EnergyRow(900.4, 0, is_known=True), 8: EnergyRow(50, 0, is_known=True)},
        "little": {7: EnergyRow(99.9, 0, is_known=True)},
    }
    share_energy(members, {"roof": 20, "much": 50, "little": 30}, 2)
    assert [rows[7].shared_wh for rows in members.values()] == [0, 500, 99]
    assert [rows[7].given_wh for rows in members.values()] == [599, 0, 0]
    assert members["much"][8] == EnergyRow(50, 0, is_known=True, layer=2)


@pytest.mark.parametrize("seed", range(examples(50)))
def test_members_together_get_as_much_as_they_give(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - no secret
    names = "abcde"[: chosen.randrange(1, 6)]
    cuts = sorted(chosen.randrange(1001) for _ in names[1:])
    shares = [(high - low) / 10 for low, high in zip([0, *cuts], [*cuts, 1000], strict=True)]
    members = {
        name: {
            number: EnergyRow(chosen.uniform(0, 900), chosen.uniform(0, 3000), is_known=True)
            for number in range(20)
            if chosen.random() < 0.9
        }
        for name in names
    }
    share_energy(members, dict(zip(names, shares, strict=True)), 1)
    for number in range(20):
        rows = {name: of[number] for name, of in members.items() if number in of}
        exported = sum(row.exported_wh for row in rows.values())
        assert sum(row.shared_wh for row in rows.values()) == sum(
            row.given_wh for row in rows.values()
        )
        for name, row in rows.items():
            share = exported * shares[names.index(name)] / 100
            assert row.shared_wh == pytest.approx(min(share, row.imported_wh), abs=1.01)
            assert 0 <= row.given_wh <= row.exported_wh + 1


def quarters(day: str, name: str = "flat1", *, wh: int = 250) -> str:
    return "".join(
        f"{name},House,,{day}T{at // 4:02}:{at % 4 * 15:02}Z,{wh / 1000},0.0,1,1,{wh / 2000},0.0\n"
        for at in range(96)
    )


def test_a_file_of_one_connection_is_read_with_its_sharing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "contract.toml").write_text(CONTRACT, "utf-8")
    days = "".join(quarters(f"2026-06-{day:02}") for day in range(1, 31))
    (tmp_path / "flat.csv").write_text(f"{HEAD}\n{days}", "utf-8")
    files = [str(tmp_path / name) for name in ("flat.csv", "contract.toml")]
    bill = json.loads(run("bill", *files, "--month", "2026-06", "--json").output)
    assert bill["shared_kwh"] == pytest.approx(30 * 24 / 2, abs=2)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (quarters("2026-06-01") + quarters("2026-06-01", "flat2"), "of 2 metering points"),
        ("flat1,House,,2026-06-01T00:00Z,much,0,1,0,0,0\n", "line 2 cannot be read"),
        ("flat1,House,,2026-06-01T00:00Z,,0,1,0,0,0\n", "line 2 cannot be read"),
        ("flat1,House,,2026-06-01T00:00Z,-1,0,1,0,0,0\n", "line 2 cannot be read"),
        ("flat1,House,,2026-06-01T00:00Z,1,0,1,9,0,0\n", "line 2 cannot be read"),
        ("flat1,House,,yesterday,1,0,1,0,0,0\n", "line 2 cannot be read"),
        ("flat1,House\n", "line 2 cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    run: Run, tmp_path: Path, content: str, fault: str
) -> None:
    (tmp_path / "contract.toml").write_text(CONTRACT, "utf-8")
    (tmp_path / "flat.csv").write_text(f"{HEAD}\n{content}", "utf-8")
    end = run("bill", str(tmp_path / "flat.csv"), str(tmp_path / "contract.toml"))
    assert (end.status, fault in end.errors) == (2, True)
