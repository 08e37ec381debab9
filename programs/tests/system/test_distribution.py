"""The package without Home Assistant: built, installed and used as by a stranger."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from dev.checkout import PROGRAMS, ROOT
from dev.testing.real_programs import TIMEOUT
from dev.testing.uv import uv
from tests.commands.test_library import examples

LIBRARY = ROOT / "custom_components" / "smarty_p1" / "lib"
COMMAND = PROGRAMS / "smarty_p1_cli"
GATEWAY = PROGRAMS / "smarty_p1_gateway"
FLEET = PROGRAMS / "smarty_p1_fleet"
FRAME = json.loads((ROOT / "dev/frames/three_phase_gas_water_heat.json").read_text("utf-8"))

# Modules of packages that an installation need not have.
LOADED = "print(sorted({'serialx', 'homeassistant', 'numpy'} & set(__import__('sys').modules)))"


def run(program: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program away from the repository, and unaware of it."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [program, *arguments],
        cwd=cwd,
        env={**own, "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT / 4,
    )


def built(folder: Path, kind: str, source: Path) -> Path:
    """Build a wheel or an sdist in a folder, and return its file."""
    uv("build", "--quiet", f"--{kind}", "--out-dir", folder, source)
    [file] = folder.glob("smarty_p1-*")
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package, built once for all environments, from its own sdist."""
    sdist = built(tmp_path_factory.mktemp("sdist"), "sdist", PROGRAMS)
    return built(tmp_path_factory.mktemp("wheel"), "wheel", sdist)


def install(path: Path, what: str | Path) -> Path:
    """Install the package into an environment of its own, and return its programs' directory."""
    uv("venv", "--quiet", "--no-project", "--python", sys.executable, path)
    uv("pip", "install", "--quiet", "--python", path / "bin" / "python", what)
    return path / "bin"


TO_NATS = '[nats]\nservers = ["node1"]\n[[port]]\naddress = "/dev/ttyUSB0"\n'


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment that has the package without extras."""
    return install(tmp_path_factory.mktemp("plain") / "venv", wheel)


def files(directory: Path) -> set[str]:
    found = (path.relative_to(directory).as_posix() for path in directory.rglob("*.*"))
    return {name for name in found if "__pycache__" not in name}


def _texts() -> set[str]:
    """Return the texts of the integration that the gateway ships."""
    names = {path for path in files(LIBRARY.parent) if path.startswith("translations/")}
    return {f"texts/{name}" for name in names | {"icons.json", "manifest.json"}}


def test_the_package_holds_library_and_command_and_no_more(programs: Path) -> None:
    [packages] = programs.parent.glob("lib/python3.*/site-packages")
    assert files(packages / "smartyp1") == files(LIBRARY)
    assert "py.typed" in files(LIBRARY)
    assert files(packages / "smarty_p1_cli") == files(COMMAND)
    documented = {
        *(f"{name}.yml" for name in ("alerts", "alertmanager", "prometheus")),
        "nats-server.conf",
        "init/fleet.toml",
        *(path for path in files(FLEET) if path.startswith(("ansible/", "templates/"))),
    }
    unit = {"smarty-p1-gateway.service"}
    for directory, texts in ((GATEWAY, _texts() | unit), (FLEET, documented)):
        own = {name for name in files(directory) if name.endswith(".py") or name == "py.typed"}
        assert files(packages / directory.name) == own | texts
    assert not (packages / "custom_components").exists()


def test_the_wheel_of_the_checkout_is_the_one_of_the_sdist(wheel: Path, tmp_path: Path) -> None:
    assert built(tmp_path, "wheel", PROGRAMS).read_bytes() == wheel.read_bytes()
    with ZipFile(wheel) as archive:
        [license_name] = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
        assert archive.read(license_name) == (ROOT / "LICENSE").read_bytes()


def test_the_folder_of_the_repository_is_installed_as_the_page_says(tmp_path: Path) -> None:
    page = (PROGRAMS / "docs" / "library.md").read_text("utf-8")
    [address] = set(re.findall(r"pip install '(smarty-p1 @ git\+[^']+)'", page))
    here = address.replace("https://github.com/smarty-p1/smarty_p1", f"file://{ROOT}")
    assert here != address
    command = install(tmp_path / "venv", here) / "smarty-p1"
    assert run(command, "--help", cwd=tmp_path).returncode == 0


def test_decoding_needs_no_extras(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "recorded").write_bytes(bytes.fromhex(FRAME["bytes"]))
    (tmp_path / "key").write_text(FRAME["key"], "ascii")
    for start in (["smarty-p1"], ["python", "-m", "smarty_p1_cli"]):
        decode = (*start[1:], "decode", "--key-file", "key", "recorded")
        end = run(programs / start[0], *decode, cwd=tmp_path)
        assert (end.returncode, end.stderr) == (0, "")
        assert json.loads(end.stdout)["objects"]["1-0:1.8.0"] == 25678.901
    code = f"import smartyp1.p1, importlib.metadata; {LOADED}"
    code += "; print(importlib.metadata.version('smarty-p1'))"
    version = json.loads((LIBRARY.parent / "manifest.json").read_text("utf-8"))["version"]
    end = run(programs / "python", "-c", code, cwd=tmp_path)
    assert (end.stdout, end.stderr) == (f"[]\n{version}\n", "")


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("watch 127.0.0.1:9", ": install smarty-p1 with its extra [port]\n"),
        ("gateway --config gateway.toml", ": install smarty-p1 with its extra [gateway]\n"),
        ("bill leneda.csv", "bills need numpy: install smarty-p1 with its extra [bill]\n"),
        ("fleet init", ": install smarty-p1 with its extra [fleet]\n"),
        ("collect --config collect.toml", ": install smarty-p1 with its extra [fleet]\n"),
    ],
)
def test_without_an_extra_a_command_names_the_missing_package(
    programs: Path, tmp_path: Path, command: str, missing: str
) -> None:
    end = run(programs / "smarty-p1", *command.split(), cwd=tmp_path)
    assert (end.returncode, end.stdout) == (2, "")
    assert end.stderr.endswith(missing)


def test_the_extra_brings_the_packages_of_watch(wheel: Path, tmp_path: Path) -> None:
    python = install(tmp_path / "venv", f"{wheel}[port]") / "python"
    code = f"import smartyp1.port, smarty_p1_cli.watch; {LOADED}"
    end = run(python, "-c", code, cwd=tmp_path)
    assert (end.stdout, end.stderr) == ("['serialx']\n", "")


def test_the_examples_of_the_page_run_with_the_wheel(wheel: Path, tmp_path: Path) -> None:
    programs = install(tmp_path / "venv", f"{wheel}[bill,port]")
    for n, example in enumerate(examples()):
        folder = tmp_path / str(n)
        folder.mkdir()
        assert example.run(folder, programs, PYTHONPATH="") == example.output, example.title
    end = run(programs / "smarty-p1", "bill", "contract.toml", "bad.toml.csv", cwd=folder)
    assert (end.returncode, end.stderr) == (
        2,
        "smarty-p1: cannot read bad.toml.csv: No such file or directory\n",
    )
    (folder / "empty.csv").touch()
    end = run(programs / "smarty-p1", "bill", "contract.toml", "empty.csv", cwd=folder)
    assert end.stderr.startswith("smarty-p1: empty.csv: There are no quarter-hours in this file.")


def test_the_extras_bring_the_packages_of_gateway_and_fleet(wheel: Path, tmp_path: Path) -> None:
    gateway = install(tmp_path / "venv", f"{wheel}[gateway]") / "smarty-p1"
    keys = tmp_path / "keys"
    keys.write_text(f"* {FRAME['key']}", "ascii")
    keys.chmod(0o600)
    (tmp_path / "gateway.toml").write_text(
        f'[keys]\nfile = "{keys}"\n[publish]\ndiscovery = true\nlanguage = "lb"\n'
        '[mqtt]\nhost = "broker"\n[[port]]\naddress = "/dev/ttyUSB0"\n',
        encoding="utf-8",
    )
    end = run(gateway, "gateway", "--check", "--config", "gateway.toml", cwd=tmp_path)
    assert (end.returncode, end.stdout, end.stderr) == (0, "", "")

    assert run(gateway.parent / "python", "-c", "import numpy", cwd=tmp_path).returncode == 1

    (tmp_path / "gateway.toml").write_text(TO_NATS, "utf-8")
    end = run(gateway, "gateway", "--check", "--config", "gateway.toml", cwd=tmp_path)
    assert (end.returncode, end.stdout) == (2, "")
    assert end.stderr.endswith(": [nats] needs nats-py: install smarty-p1 with its extra [fleet]\n")

    # An extra is added to the installed package.
    python = gateway.parent / "python"
    uv("pip", "install", "--quiet", "--python", python, f"{wheel}[fleet]")
    programs = gateway.parent
    (tmp_path / "collect.toml").write_text(
        'nats = { servers = ["nats://node1"] }\nstore = { url = "http://store:8428" }\n'
        f'keys = {{ file = "{keys}" }}\ncollector = {{ name = "one" }}\n',
        encoding="utf-8",
    )
    for command, config in (("gateway", "gateway.toml"), ("collect", "collect.toml")):
        end = run(programs / "smarty-p1", command, "--check", "--config", config, cwd=tmp_path)
        assert (end.returncode, end.stdout) == (0, "")
        told = "" if command == "gateway" else "WARNING [store] VictoriaMetrics could not be asked"
        assert end.stderr.partition(" (")[0] == told
    end = run(
        programs / "python",
        "-c",
        "import smarty_p1_gateway.nats.nats_frames_publisher",
        cwd=tmp_path,
    )
    assert (end.returncode, end.stdout, end.stderr) == (0, "", "")
