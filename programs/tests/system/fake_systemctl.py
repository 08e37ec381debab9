"""The part of `systemctl` that Ansible's module needs, for a machine without systemd.

Units are read as systemd reads them, with drop-ins. Users and restrictions are left out.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

STATE = Path("/run/fake-systemd")
PLACES = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
EXEC_ENVIRONMENT = ("PATH", "HOME", "LANG")


type _Unit = dict[str, list[str]]


def read_unit(name: str) -> _Unit | None:
    """Return the values of each setting of a unit, None if there is no unit."""
    path = next((place / name for place in PLACES if (place / name).exists()), None)
    if path is None:
        return None
    drop_ins = sorted((PLACES[0] / f"{name}.d").glob("*.conf"))
    settings: _Unit = {}
    for file in (path, *drop_ins):
        for line in file.read_text().replace("\\\n", " ").splitlines():
            key, sign, value = line.strip().partition("=")
            if not sign or key.startswith(("#", ";")):
                continue
            # An empty value removes the earlier values.
            settings[key] = [*settings.get(key, []), value] if value else []
    return settings


def pid_of(name: str) -> int:
    """Return the process id of a service, 0 if it does not run."""
    try:
        pid = int((STATE / f"{name}.pid").read_text())
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError, ValueError:
        return 0
    return 0 if state == "Z" else pid


def environment_of(name: str, unit: _Unit) -> dict[str, str]:
    """Return a service's environment; make its folders and credentials."""
    os.umask(int(unit.get("UMask", ["0022"])[-1], 8))
    environment = {key: os.environ[key] for key in EXEC_ENVIRONMENT if key in os.environ}
    for file in unit.get("EnvironmentFile", []):
        script = f"set -a; . {file.lstrip('-')}; env -0"
        start = {"PATH": environment["PATH"]}
        found = subprocess.run(
            ["/bin/sh", "-c", script], env=start, capture_output=True, check=True
        )
        for entry in found.stdout.decode().split("\0"):
            key, sign, value = entry.partition("=")
            if sign and key not in ("PWD", "_", "SHLVL"):
                environment[key] = value
    credentials = STATE / "credentials" / name
    for entry in unit.get("LoadCredential", []):
        credentials.mkdir(parents=True, exist_ok=True, mode=0o700)
        key, _, source = entry.partition(":")
        shutil.copyfile(source, credentials / key)
        (credentials / key).chmod(0o400)
        environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    for setting, place in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
        for entry in unit.get(setting, []):
            (Path(place) / entry).mkdir(parents=True, exist_ok=True, mode=0o700)
            environment["RUNTIME_DIRECTORY" if place == "/run" else "STATE_DIRECTORY"] = (
                f"{place}/{entry}"
            )
    return environment


def words_of(command: str, environment: dict[str, str]) -> list[str]:
    """Return the words of a command, with variables replaced as systemd does it."""
    words: list[str] = []
    for word in shlex.split(command):
        if match := re.fullmatch(r"\$(\w+)", word):
            words += shlex.split(environment.get(match[1], ""))
        else:
            words.append(word)
    return words


def start(name: str, unit: _Unit) -> None:
    if pid_of(name):
        return
    environment = environment_of(name, unit)
    [command] = unit["ExecStart"]
    with Path(f"/var/log/{name}.log").open("ab") as log:
        process = subprocess.Popen(
            words_of(command, environment),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    (STATE / f"{name}.pid").write_text(str(process.pid))


def stop(name: str, unit: _Unit | None) -> None:
    """End a service, and wait for its end."""
    if pid := pid_of(name):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while pid_of(name) and time.monotonic() < deadline:
            time.sleep(0.05)
        if pid_of(name):
            os.kill(pid, signal.SIGKILL)
    for entry in (unit or {}).get("RuntimeDirectory", []):
        shutil.rmtree(f"/run/{entry}", ignore_errors=True)


def reload(name: str, unit: _Unit) -> None:
    """Run a service's commands to reload."""
    environment = {**environment_of(name, unit), "MAINPID": str(pid_of(name))}
    for command in unit.get("ExecReload", []):
        source = unit.get("StandardInput", ["null"])[-1].partition(":")[2] or "/dev/null"
        with Path(source).open("rb") as stdin:
            words = words_of(command, environment)
            subprocess.run(words, env=environment, stdin=stdin, check=True)


def main(arguments: list[str]) -> int:  # noqa: C901, PLR0911 - a list of verbs
    """Imitate `systemctl` with these arguments; return its status."""
    verb, *names = [word for word in arguments if not word.startswith("-")]
    STATE.mkdir(parents=True, exist_ok=True)
    if verb == "daemon-reload":
        return 0
    name = names[0] if names[0].endswith(".service") else f"{names[0]}.service"
    unit, is_enabled = read_unit(name), (STATE / f"{name}.enabled").exists()
    state = "active" if pid_of(name) else "inactive"
    if verb == "show":
        print(f"LoadState={'loaded' if unit else 'not-found'}\nActiveState={state}")
        print(f"MainPID={pid_of(name)}")
        return 0
    if verb == "is-active":
        print(state)
        return 0 if state == "active" else 3
    if verb == "is-enabled":
        print("enabled" if is_enabled else "disabled")
        return 0 if is_enabled else 1
    if verb == "stop":
        stop(name, unit)
        return 0
    if unit is None:
        print(f"Unit {name} not found.", file=sys.stderr)
        return 5
    if verb == "enable":
        (STATE / f"{name}.enabled").touch()
    elif verb == "disable":
        (STATE / f"{name}.enabled").unlink(missing_ok=True)
    elif verb == "start":
        start(name, unit)
    elif verb == "restart":
        stop(name, unit)
        start(name, unit)
    elif verb == "reload":
        reload(name, unit)
    else:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
