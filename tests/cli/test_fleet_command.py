"""What `smarty-p1 fleet` says of what it cannot do."""

from pathlib import Path

import pytest

from tests.cli.test_command import run

READ = ("--config", "store.toml")
EXPORT = ("export", "SAG1", "--config", "store.toml", "--csv", "file.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "required: ACTION"),
        (("C0FFEE",), "after fleet, there must be init, forget, export or read"),
        (("forget", "SAG1"), "required: --config"),
        (("forget", "SAG1", "--config", "store.toml"), "[nats] servers is missing"),
        (("forget", "", "--config", "store.toml"), "TITLE|SERIAL: it must not be empty"),
        (
            ("forget", "SAG1", "--series", "", "--config", "store.toml"),
            "--series: it must not be empty",
        ),
        (("read", *READ, "--since", "2026-01-01"), "there must be either TITLE or --all"),
        (("read", "C0FFEE", *READ, "--since", "2026-01-01"), "16 hexadecimal digits"),
        (("read", "--all", *READ), "required: --since"),
        (("read", "--all", *READ, "--since", "noon"), "a time is written like 2026-11-22T06:00"),
        (("read", "--all", *READ, "--since", "2999-01-01"), "that time is still to come"),
        (("export", "", *EXPORT[2:]), "SERIAL: it must not be empty"),
        ((*EXPORT, "--from", "2026-01-01"), "required: --to"),
        ((*EXPORT, "--from", "1.1.26", "--to", "x"), "--from: it must be a day such as 2026-01-31"),
        (
            (*EXPORT, "--from", "2026-01-02", "--to", "2026-01-02"),
            "--to must come after --from, by 3,660 days at most",
        ),
        (
            (*EXPORT, "--from", "2016-01-01", "--to", "2026-01-02", "--every", "day"),
            "--every must be quarter-hour or telegram",
        ),
    ],
)
def test_a_mistake_is_told(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text('[store]\nurl = "http://127.0.0.1:1"\n', encoding="ascii")
    given = [str(tmp_path / one) if one.endswith(".toml") else one for one in arguments]
    result = run("fleet", *given)
    assert (result.returncode, result.stdout) == (2, b"")
    assert message in result.stderr.decode()
    assert b"C0FFEE" not in result.stderr
    assert b"Traceback" not in result.stderr


def test_a_store_that_is_away_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text('[store]\nurl = "http://127.0.0.1:1"\n', encoding="ascii")
    file = tmp_path / "file.csv"
    days = ("--from", "2026-01-01", "--to", "2026-01-02")
    result = run(
        "fleet", "export", "SAG1", "--config", tmp_path / "store.toml", "--csv", file, *days
    )
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"[store] VictoriaMetrics does not do it: " in result.stderr
    assert not file.exists()


def test_an_example_is_made_into_a_fleet(tmp_path: Path) -> None:
    fleet, folder = tmp_path / "fleet.toml", tmp_path / "fleet"
    result = run("fleet", "init", fleet)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.endswith(
        b"No such file or directory; `smarty-p1 fleet init --example` prints one\n"
    )
    fleet.write_bytes(run("fleet", "init", "--example").stdout)

    made = run("fleet", "init", fleet, "--to", folder)
    assert (made.returncode, made.stderr) == (0, b"")
    assert (folder / "steps.txt").read_bytes() in made.stdout
    result = run("fleet", "init", fleet, "--to", "/dev/null/fleet")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"Not a directory" in result.stderr
