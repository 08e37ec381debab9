"""Files of `fleet init`: rights, certificates, and earlier files that stay."""

import json
import re
import ssl
import subprocess
import tomllib
from configparser import ConfigParser
from contextlib import nullcontext
from pathlib import Path

import bcrypt
import pytest
import yaml
from cryptography import x509

from dev.checkout import PROGRAMS
from dev.testing.table import rows
from smarty_p1_fleet import read_config as read_collector
from smarty_p1_fleet.init import EXAMPLE, init
from smarty_p1_gateway import ConfigError, read_config

RULES = PROGRAMS / "smarty_p1_fleet" / "alerts.yml"
DOCUMENTED = PROGRAMS / "smarty_p1_fleet" / "nats-server.conf"
FLAT1, FLAT2, FLAT3 = "5341476770041030", "5341476770041031", "53414767700410AB"
HERE = f"""\
here = true
collectors = ["one", "two"]
listeners = ["display"]
[[gateway]]
name = "cellar"
meters = [{{ title = "{FLAT1}", address = "127.0.0.1:2001", name = "flat1" }}]
"""
ATTIC = f"""\
[[gateway]]
name = "attic"
meters = [{{ title = "{FLAT2}", address = "127.0.0.1:2002" }}]
"""


# The example has no receivers of alerts yet.
EXAMPLE_WITH_RECEIVERS = re.sub("(?m)^# (pages|tickets)", r"\1", EXAMPLE.read_text("utf-8"))


class Folder:
    """A folder with the made files."""

    def __init__(self, directory: Path) -> None:
        self.source = directory / "fleet.toml"
        self.made = directory / "fleet"

    def init(self, text: str = HERE, *, renew: bool = False) -> str:
        """Make everything; return the output."""
        self.source.write_text(text, "utf-8")
        text, self.is_whole = init(self.source, self.made, renew=renew)
        return text

    def text(self, name: str) -> str:
        return (self.made / name).read_text("utf-8")

    def all(self) -> dict[str, bytes]:
        """Return the content of every file."""
        return {
            path.relative_to(self.made).as_posix(): path.read_bytes()
            for path in self.made.rglob("*")
            if path.is_file()
        }

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.made / name).read_bytes())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def users_of(text: str) -> dict[str, str]:
    """Return the rights of each user of a node's configuration, without blanks and comments."""
    text = re.sub(r"(?m)^\s*# (\{ user|    publish: \{ deny)", r"\1", text)
    text = re.sub(r"(?m)(^|\s)#.*", "", text)
    pattern = r'\{ user: "?([\w-]+)"?, password: "[^"]*", permissions: \{(.*?)\} \}'
    return {user: "".join(rights.split()) for user, rights in re.findall(pattern, text, re.DOTALL)}


def test_rights_are_those_that_are_documented(folder: Folder) -> None:
    folder.init()
    documented = users_of(DOCUMENTED.read_text("utf-8"))
    made = users_of(folder.text("node2/nats-server.conf"))
    titles = f'"smarty_p1.sealed.{FLAT1}","smarty_p1.sealed.{FLAT2}"'
    assert documented["cellar"] == f'publish:[{titles}]subscribe:["_INBOX_cellar.>"]'
    assert made == {
        "collector": documented["collector"],
        "operator": documented["operator"],
        "display": documented["listener"],
        "cellar": documented["cellar"].replace(f',"smarty_p1.sealed.{FLAT2}"', ""),
    }


@pytest.mark.parametrize("user", ["collector", "operator", "cellar", "display"])
def test_each_user_has_a_random_password_whose_hash_the_nodes_have(
    folder: Folder, user: str
) -> None:
    folder.init()
    place = {
        "collector": "collector-two",
        "operator": "operator",
        "cellar": "gateway-cellar",
        "display": "listener-display",
    }
    password = folder.text(f"{place[user]}/nats-password").strip()
    assert len(password) == 32
    for node in ("node1", "node2", "node3"):
        conf = folder.text(f"{node}/nats-server.conf")
        found = re.search(rf'user: "{user}", password: "([^"]+)"', conf)
        assert found
        # nats-server knows no other kind of them.
        assert found[1].startswith("$2a$")
        assert bcrypt.checkpw(password.encode(), found[1].encode())
        assert password not in conf


def test_secrets_are_their_owners_alone(folder: Folder) -> None:
    folder.init()
    for name, content in folder.all().items():
        is_secret = re.search(
            r"password|\.key$|meter-keys|victoria|conf$|\.init\.json$|auth|alertmanager|delete",
            name,
        )
        wanted = 0o600 if is_secret else 0o644
        assert (folder.made / name).stat().st_mode & 0o777 & ~0o022 == wanted, name
        assert is_secret or b"PRIVATE" not in content
    for path in folder.made.rglob("*"):
        assert not path.is_dir() or path.stat().st_mode & 0o077 == 0


def test_strict_programs_accept_the_certificates(folder: Folder) -> None:
    text = EXAMPLE_WITH_RECEIVERS.replace("# [also]", "[also]")
    folder.init(text.replace('# "node1.lan"', '"node1.lan"'))
    verify = ["openssl", "verify", "-x509_strict", "-CAfile", f"{folder.made}/ca/ca.pem"]
    for name, host, purpose in (
        ("node1/node1", ["-verify_hostname", "node1.lan"], "sslserver"),
        ("node1/node1", ["-verify_ip", "192.168.1.11"], "sslserver"),
        ("node2/node2", ["-verify_hostname", "node2.lan"], "sslclient"),
        ("store/store", ["-verify_hostname", "store.lan"], "sslserver"),
    ):
        command = [*verify, *host, "-purpose", purpose, f"{folder.made}/{name}.pem"]
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder.made / f"{name}.pem", folder.made / f"{name}.key")
    # The store's certificate does not make its owner a node.
    command = [*verify, "-purpose", "sslclient", f"{folder.made}/store/store.pem"]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[FD00::0:11]", "Node.lan"])
def test_a_second_time_changes_nothing(folder: Folder, host: str) -> None:
    text = f'nodes = ["{host}", "{host}", "{host}"]\n{HERE}'
    folder.init(text)
    before = folder.all()
    folder.init(text)
    assert folder.all() == before


def test_a_key_whose_certificate_is_of_another_key_gets_a_new_one(folder: Folder) -> None:
    folder.init()
    name = "node1/node1.pem"
    old = (folder.made / name).read_bytes()
    folder.init(renew=True)
    # The file is as if the run had failed between its writes.
    (folder.made / name).write_bytes(old)
    folder.init()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.made / name, folder.made / "node1" / "node1.key")


def test_a_gateway_and_a_title_only_add(folder: Folder) -> None:
    folder.init()
    before = folder.all()
    one = f'{{ title = "{FLAT1}"'
    more = HERE.replace(one, f'{{ title = "{FLAT3.lower()}", address = "/dev/ttyUSB0" }}, {one}')
    said = folder.init(more + ATTIC)
    after = folder.all()
    different = {name for name in before if before[name] != after[name]}
    assert different == {
        *(f"node{number}/nats-server.conf" for number in (1, 2, 3)),
        *(f"collector-{name}/meter-keys" for name in ("one", "two")),
        *("gateway-cellar/gateway.toml", ".init.json", "start.sh"),
        *("prometheus/meters.yml", "prometheus/targets.json"),
    }
    rights = users_of(folder.text("node1/nats-server.conf"))
    assert f"smarty_p1.sealed.{FLAT3}" in rights["cellar"]
    assert rights["attic"] == (f'publish:["smarty_p1.sealed.{FLAT2}"]subscribe:["_INBOX_attic.>"]')
    assert f"Add the keys of these meters to meter-keys of each collector: {FLAT3}, {FLAT2}" in said


def test_entered_keys_stay_and_need_not_be_entered_again(folder: Folder) -> None:
    assert f"of each collector: {FLAT1}" in folder.init()
    keys = folder.made / "collector-one" / "meter-keys"
    assert f"# {FLAT1}      # cellar, flat1" in keys.read_text("utf-8")
    other = folder.made / "collector-two" / "meter-keys"
    for path in (keys, other):
        path.write_text(f"{FLAT1} {'0' * 32}", "ascii")
    assert "Add the keys" not in folder.init()
    assert f"of each collector: {FLAT2}" in folder.init(HERE + ATTIC)
    lines = keys.read_text("ascii").splitlines()
    assert lines == [f"{FLAT1} {'0' * 32}", f"# {FLAT2}      # attic, socket://127.0.0.1:2002"]


def test_a_changed_file_stays_and_is_named(folder: Folder) -> None:
    folder.init()
    changed = folder.made / "gateway-cellar" / "gateway.toml"
    mine = changed.read_text("utf-8") + "# mine\n"
    changed.write_text(mine, "utf-8")
    said = folder.init(HERE.replace("2001", "2009"))
    assert changed.read_text("utf-8") == mine
    assert "127.0.0.1:2009" in folder.text("gateway-cellar/gateway.toml.new")
    assert "gateway-cellar/gateway.toml was changed by somebody and stays" in said


def test_a_changed_file_with_secrets_is_no_success(folder: Folder) -> None:
    folder.init()
    changed = folder.made / "store" / "auth.yml"
    changed.write_text(changed.read_text("utf-8") + "# mine\n", "utf-8")
    (folder.made / "passwords" / "store-collector").unlink()
    said = folder.init()
    assert "store/auth.yml was changed by somebody and stays" in said
    assert "IT HAS SECRETS, AND THE OLD ONES STILL COUNT" in said
    assert not folder.is_whole
    (folder.made / "store" / "auth.yml.new").replace(changed)
    folder.init()
    assert folder.is_whole


def test_settings_of_programs_are_in_the_description(folder: Folder) -> None:
    more = 'retention = "400d"\nregisters = ["billing"]\nkeys_command = ["vault", "read"]\n'
    text = f"{more}stream_days = 14\n{HERE}"
    folder.init(text.replace('name = "cellar"\n', 'name = "cellar"\nbatch_seconds = 5\n'))
    assert "-retentionPeriod=400d" in folder.text("store/victoria-metrics")
    collector = tomllib.loads(folder.text("collector-one/collect.toml"))
    assert collector["keys"] == {"command": ["vault", "read"]}
    assert collector["store"]["registers"] == ["billing"]
    assert collector["collector"]["stream_days"] == 14
    assert tomllib.loads(folder.text("gateway-cellar/gateway.toml"))["nats"]["batch_seconds"] == 5
    # The operator's commands use the files that are here.
    operator = tomllib.loads(folder.text("operator/operator.toml"))
    assert operator["keys"] == {"file": str(folder.made / "collector-one" / "meter-keys")}


CONNECTION = '[[connection]]\nname = "{}"\nmeters = [{{ name = "M1", from = 2026-01-01 }}]\n'
COMMUNITY = '[[community]]\nname = "C"\nmembers = [{{ connection = "{}", percent = {} }}]\n'
TENANT = '[[tenant]]\nname = "T"\nmeters = ["M1"]\nfrom = 2026-03-01\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (CONNECTION.format("A") * 2, "same name"),
        (CONNECTION.format("A").replace("2026-01-01", '"today"'), "must be a day such as"),
        (
            CONNECTION.format("A").replace("}]", '}, { name = "M2", from = 2025-01-01 }]'),
            "a later first day than the one before",
        ),
        (
            CONNECTION.format("A") + COMMUNITY.format("B", 100),
            r"name of another \[\[connection\]\]",
        ),
        (CONNECTION.format("A") + COMMUNITY.format("A", 99), "must add up to 100"),
        (CONNECTION.format("A") + COMMUNITY.format("A", 101), "from 0 to 100"),
        (TENANT + "until = 2026-02-28\n", "must not be before from"),
        (TENANT.replace('["M1"]', "[]"), "must be a list of texts in quotes"),
        (TENANT.replace('["M1"]', '["M1", "M1"]'), "must be a list of 1 to 100 different serial"),
        (TENANT * 2, "same name"),
        ('retention = "forever"\n', "must be days, weeks or years"),
    ],
)
def test_an_impossible_connection_or_tenant_is_named(folder: Folder, text: str, fault: str) -> None:
    is_top = not text.startswith("[[")
    with pytest.raises(ConfigError, match=fault):
        folder.init(text + HERE if is_top else f"{HERE}\n{text}")


def test_a_password_that_is_deleted_is_made_anew(folder: Folder) -> None:
    folder.init()
    before = folder.text("gateway-cellar/nats-password")
    (folder.made / "passwords" / "nats" / "cellar").unlink()
    said = folder.init()
    password = folder.text("gateway-cellar/nats-password")
    assert password != before
    found = re.search(r'user: "cellar", password: "([^"]+)"', folder.text("node1/nats-server.conf"))
    assert found
    assert bcrypt.checkpw(password.strip().encode(), found[1].encode())
    assert password.strip() not in said


@pytest.mark.parametrize(("password", "is_possible"), [("p" * 72, True), ("p" * 73, False)])
def test_a_chosen_password_has_as_many_bytes_as_bcrypt_reads(
    folder: Folder, password: str, *, is_possible: bool
) -> None:
    folder.init()
    # Editors of Windows begin a file with a byte order mark, which is no part of the password.
    (folder.made / "passwords" / "nats" / "cellar").write_text(f"\ufeff{password}", "utf-8")
    with nullcontext() if is_possible else pytest.raises(ConfigError, match="1 to 72 bytes"):
        folder.init()
    assert (folder.text("gateway-cellar/nats-password").strip() == password) is is_possible


def test_certificates_are_renewed_by_the_same_authority_whose_key_may_be_elsewhere_until_then(
    folder: Folder,
) -> None:
    folder.init()
    authority = folder.text("ca/ca.pem")
    before = [folder.certificate(f"{name}/{name}.pem") for name in ("node1", "store")]
    key = folder.made / "ca" / "ca.key"
    content = key.read_bytes()
    key.unlink()
    folder.init(HERE + ATTIC)
    with pytest.raises(ConfigError, match=r"ca\.key is needed to sign a certificate: put it back"):
        folder.init(renew=True)
    key.write_bytes(content)
    said = folder.init(renew=True)
    after = [folder.certificate(f"{name}/{name}.pem") for name in ("node1", "store")]
    assert folder.text("ca/ca.pem") == authority
    for old, new in zip(before, after, strict=True):
        assert old.serial_number != new.serial_number
        new.verify_directly_issued_by(folder.certificate("ca/ca.pem"))
        assert f"valid until {new.not_valid_after_utc:%Y-%m-%d}" in said
    other = Folder(folder.made.parent / "other")
    other.made.parent.mkdir()
    other.init()
    key.write_bytes((other.made / "ca" / "ca.key").read_bytes())
    with pytest.raises(ConfigError, match=r"ca\.key is not the key of"):
        folder.init(renew=True)


def test_another_name_of_a_host_is_another_certificate(folder: Folder) -> None:
    folder.init()
    before = folder.all()
    folder.init(f'{HERE}[also]\n"127.0.0.1" = ["localhost"]\n')
    assert folder.all()["node1/node1.pem"] != before["node1/node1.pem"]
    names = folder.certificate("node1/node1.pem").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert {str(name.value) for name in names.value} == {"127.0.0.1", "localhost"}


def test_gateways_and_collectors_take_their_configurations(folder: Folder) -> None:
    folder.init(HERE + ATTIC)
    for name, ports in (("cellar", ["flat1"]), ("attic", [None])):
        config = read_config(folder.made / f"gateway-{name}" / "gateway.toml")
        assert [port.name for port in config.ports] == ports
    content = tomllib.loads(folder.text("collector-one/collect.toml"))
    store = content["store"]
    assert (store["url"], store["username"]) == ("https://127.0.0.1:8428/vm", "collector")
    assert Path(store["password_file"]).read_text("ascii") == folder.text(
        "passwords/store-collector"
    )
    operator = tomllib.loads(folder.text("operator/operator.toml"))
    left_out = {"store": None, "nats": None}
    assert {**content, **left_out} == {**operator, **left_out}
    assert operator["nats"]["username"] == "operator"
    assert Path(operator["nats"]["password_file"]).read_text("ascii") != Path(
        content["nats"]["password_file"]
    ).read_text("ascii")
    assert operator["store"]["username"] == "smarty_p1"
    for key, secret in (
        ("password_file", "store"),
        ("delete_auth_key_file", "store-delete-auth-key"),
    ):
        made = Path(operator["store"][key]).read_text("ascii")
        assert made == folder.text(f"passwords/{secret}")
    assert "-httpAuth.username=smarty_p1" in folder.text("store/victoria-metrics")
    keys = folder.made / "collector-one" / "meter-keys"
    with pytest.raises(ConfigError, match="has no key in it"):
        read_collector(folder.made / "collector-one" / "collect.toml")
    keys.write_text(f"{FLAT1} {'01' * 16}", "ascii")


def test_ports_for_metrics_are_different_and_stay(folder: Folder) -> None:
    def ports() -> dict[str, int]:
        found = {
            path.parent.name: tomllib.loads(path.read_text("utf-8"))["metrics"]["port"]
            for path in folder.made.glob("*-*/*.toml")
        }
        assert len(set(found.values())) == len(found)
        return found

    folder.init()
    before = ports()
    assert before["gateway-cellar"] == 9107
    folder.init(HERE.replace('"two"', '"two", "three"') + ATTIC)
    after = ports()
    assert after.keys() - before.keys() == {"gateway-attic", "collector-three"}
    assert before.items() <= after.items()


def asked(folder: Folder) -> dict[str, list[str]]:
    """Return the addresses that Prometheus asks, by job and gateway."""
    found: dict[str, list[str]] = {}
    for group in json.loads(folder.text("prometheus/targets.json")):
        found.setdefault(" ".join(group["labels"].values()), []).extend(group["targets"])
    return found


def test_prometheus_asks_all_programs(folder: Folder) -> None:
    folder.init(HERE + ATTIC)
    assert asked(folder) == {
        "smarty_p1_gateway cellar": ["127.0.0.1:9107"],
        "smarty_p1_gateway attic": ["127.0.0.1:9210"],
        "smarty_p1_collector": ["127.0.0.1:9108", "127.0.0.1:9109"],
        "nats": ["127.0.0.1:7777"],
    }
    for name in ("gateway-cellar/gateway.toml", "collector-two/collect.toml"):
        assert tomllib.loads(folder.text(name))["metrics"].get("address") is None


def test_prometheus_asks_other_machines_where_that_is_allowed(folder: Folder) -> None:
    example = EXAMPLE_WITH_RECEIVERS
    folder.init(example)
    collector = folder.text("collector-collector1/collect.toml")
    assert 'password_file = "$CREDENTIALS_DIRECTORY/store-password"' in collector
    assert "/etc/nats/node2.pem" in folder.text("node2/nats-server.conf")
    away = [f"{name}:9100" for name in ("node1.lan", "node2.lan", "node3.lan", "store.lan")]
    # Prometheus is on the first collector.
    away.append("collector1:9100")
    nats = [f"node{number}.lan:7777" for number in (1, 2, 3)]
    assert asked(folder) == {
        "smarty_p1_gateway cellar": ["cellar:9107"],
        "smarty_p1_collector": ["collector1:9108", "collector2:9108"],
        "nats": nats,
        "machine": [*away, "collector2:9100"],
        "machine cellar": ["cellar:9100"],
    }
    for name in ("gateway-cellar/gateway.toml", "collector-collector2/collect.toml"):
        assert tomllib.loads(folder.text(name))["metrics"]["address"] == "0.0.0.0"  # noqa: S104
    folder.init(re.sub("(?m)^metrics_address.*", "", example))
    assert asked(folder) == {"nats": nats, "machine": away}
    folder.init(f'watch = "watch.lan"\n{example}')
    assert "watch.lan:9100" in asked(folder)["machine"]


@pytest.mark.parametrize("url", ["https://127.0.0.1:8428", "http://[::1]:8429"])
def test_prometheus_asks_the_store_itself_as_a_reader(folder: Folder, url: str) -> None:
    folder.init(f'store = "{url}"\nprometheus_port = 9190\n{HERE}')
    config = yaml.safe_load(folder.text("prometheus/prometheus.yml"))
    scheme, _, place = url.partition("://")
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    for name, path in (("victoria_metrics", "/vm/metrics"), ("readings", "/federate")):
        job = jobs[name]
        [group] = job["static_configs"]
        assert (job.get("scheme", "http"), group["targets"]) == (scheme, [place])
        assert ("tls_config" in job) == (scheme == "https")
        assert job["metrics_path"] == path
        # The files are beside the configuration.
        login = job["basic_auth"]
        assert login["username"] == "reader"
        password = folder.text(f"prometheus/{login['password_file']}")
        assert password == folder.text("passwords/store-reader")
    assert folder.text("prometheus/ca.pem") == folder.text("ca/ca.pem")
    assert all((folder.made / "prometheus" / name).exists() for name in config["rule_files"])
    assert folder.text("prometheus/alerts.yml") == RULES.read_text("utf-8")
    [alertmanager] = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    said = folder.text("start.sh")
    assert f"--web.listen-address={alertmanager}" in said
    assert "--web.listen-address=127.0.0.1:9190" in said


def test_each_configured_meter_has_a_rule(folder: Folder) -> None:
    folder.init(HERE + ATTIC)
    [group] = yaml.safe_load(folder.text("prometheus/meters.yml"))["groups"]
    assert [(rule["record"], rule["labels"]) for rule in group["rules"]] == [
        ("smarty_p1:configured_meter", {"title": title, "gateway": gateway, "port": port})
        for title, gateway, port in (
            (FLAT1, "cellar", "flat1"),
            (FLAT2, "attic", "socket://127.0.0.1:2002"),
        )
    ]


def test_pages_and_tickets_have_receivers(folder: Folder) -> None:
    receivers = 'pages = "https://example.org/hook"\ntickets = "mailto:a@example.org"\n'
    folder.init(f'{receivers}heartbeat = "https://example.org/ping"\n{HERE}')
    config = yaml.safe_load(folder.text("prometheus/alertmanager.yml"))
    pages, tickets, heartbeat = config["receivers"]
    [ping] = heartbeat["webhook_configs"]
    assert ping == {"url": "https://example.org/ping", "send_resolved": False}
    assert pages["webhook_configs"] == [{"url": "https://example.org/hook"}]
    [mail] = tickets["email_configs"]
    assert (mail["to"], mail["smarthost"]) == ("a@example.org", "127.0.0.1:25")


def test_alerts_are_optional(folder: Folder) -> None:
    folder.init(f'alerts = "none"\n{EXAMPLE.read_text("utf-8")}')
    config = yaml.safe_load(folder.text("prometheus/alertmanager.yml"))
    assert [[*receiver] for receiver in config["receivers"]] == [["name"]] * 3
    assert '"smarty_p1_receivers": []' in folder.text("inventory.yml")
    folder.init(EXAMPLE_WITH_RECEIVERS)
    assert '"smarty_p1_receivers": ["page", "ticket"]' in folder.text("inventory.yml")


def test_nodes_report_their_state_to_their_own_machine(folder: Folder) -> None:
    folder.init('nodes = ["a", "b:4222:6222:9999", "b"]\nstore = "http://s"\n' + HERE)
    found = [
        re.findall(r"(?m)^http: (.*)", folder.text(f"node{number}/nats-server.conf"))
        for number in (1, 2, 3)
    ]
    assert found == [['"127.0.0.1:8222"'], ['"127.0.0.1:9999"'], ['"127.0.0.1:8223"']]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        *rows("""
5341476770041030 | 534147677004103 | gateway cellar, meter 1.* title must be .* 16 hexadecimal
5341476770041030   | *                              | title must be
5341476770041030   | 53414767700410300              | title must be
"5341476770041030" | 5341476770041030               | title must be a text in quotes
name = "cellar"    | name = "cel lar"               | name must have 1 to 64 of
name = "cellar"    | name = "collector"             | the name collector is there twice
name = "cellar"    | name = "display"               | the name display is there twice
name = "flat1"     | name = "a\\"b"                 | name must have 1 to 64
"127.0.0.1:2001"   | ""                             | address must not be empty
here = true        | nodes = ["a", "b"]             | nodes must be a list of three or five
here = true        | nodes = ["a", "b", "c", "d"]   | nodes must be a list of three or five
here = true        | nodes = ["a", "b", "c d"]      | nodes number 3 must be like
here = true        | nodes = ["a", "b", "$(reboot)"] | nodes number 3 must be like
here = true        | nodes = ["a", "b", "c:99999"]  | number 3 has a port that there is not
here = true        | nodes = ["a", "a:4222", "b"]   | number 2 has a port that is there twice
here = true        | nodes = ["a", "b", "c"]        | store is missing
here = true        | here = true; store = "https://u:p@s" | must not have a login in it
here = true        | here = true; store = "ftp://s" | store must be like
here = true        | here = true; store = "https://s/path" | store must be like
here = true        | here = true; parttions = 4     | parttions is not known
here = true        | here = true; partitions = 16   | partitions is not known
["one", "two"]     | ["one", "one"]                 | collectors must be different names
["one", "two"]     | ["../one"]                     | collectors must be different names
here = true        | here = true; metrics_address = "cellar" | must be an address, such as
here = true        | here = true; pages = "night"   | pages must be like mailto:
here = true        | here = true; heartbeat = "mailto:a@b" | heartbeat must be like https:
here = true        | here = true; alerts = "all"    | alerts must be "none", or not there
here = true | here = true; alerts = "none"; tickets = "https://a" | \
    alerts is none, but tickets is there
here = true | nodes = ["a", "b", "c"]; store = "http://s"; pages = "https://a" | \
    tickets is missing: the receiver
here = true | nodes = ["a", "b", "c"]; store = "http://s"; tickets = "https://a" | \
    pages is missing: the receiver
here = true | nodes = ["a", "b", "c"]; store = "http://s"; heartbeat = "https://a" | \
    pages is missing: the receiver
here = true        | here = true; tickets = "mailto:a b@c" | tickets must be like mailto:
here = true        | here = true; watch = "a b"     | watch must be the name of a host
# Without `watch`, the first collector watches.
["one", "two"]     | ["col_1", "two"]               | watch must be the name of a host
here = true        | here = true; prometheus_port = 0 | prometheus_port must be from 1 to
here = true        | here = true; prometheus_port = 65533 | must be from 1 to 65532
here = true        | here = true; prometheus_port = 9105 | the port 9108 is there twice
here = true        | here = true; store = "https://s:65535" | store must have a lower port
here = true        | here = true; store = "https://s:4222" | the port 4222 is there twice
here = true        | here = true; watch = "fe80::1%a" | watch must be the name of a host
here = true | here = true; metrics_address = 'fe80::1%a"b' | \
    metrics_address must be an address, such as
name = "cellar" | name = "cellar"; metrics_port = 9108 | \
    the port 9108 is there twice: programs on one machine need ports of their own
[[gateway]]        | [gateway]                      | \\[\\[gateway\\]\\]: none is listed
meters = [ | meters = [{ title = "5341476770041030", address = "a:1" }, | \
    two meters of gateway cellar have the same title
here = true | nodes = ["a", "b", "b"]; store = "http://s"; alerts = "none" | \
    two nodes are on the same machine
[[gateway]]        | [also]; "x" = ["y"]; [[gateway]] | x is the host of no node
        """),
        (
            'here = true; collectors = ["one", "two"]',
            'nodes = ["a", "b", "c"]; store = "http://s"; alerts = "none"; collectors = ["cellar"]',
            "cellar is a collector and a gateway",
        ),
        ('"127.0.0.1:2001"', f'"{"a" * 300}"', "address must not have more than 256 char"),
    ],
)
def test_the_message_names_the_fault_and_nothing_is_written(
    folder: Folder, old: str, new: str, message: str
) -> None:
    old, new = old.replace("; ", "\n"), new.replace("; ", "\n")
    assert old in HERE
    with pytest.raises(ConfigError, match=message):
        folder.init(HERE.replace(old, new, 1))
    assert not folder.made.exists()


def test_a_folder_whose_record_is_damaged_is_left_alone(folder: Folder) -> None:
    folder.init()
    (folder.made / ".init.json").write_text(json.dumps({"files": 1}), "utf-8")
    before = folder.all()
    with pytest.raises(ConfigError, match=r"\.init\.json is damaged"):
        folder.init()
    assert folder.all() == before


def test_a_chosen_password_stays_one_word_for_a_shell(folder: Folder) -> None:
    chosen = "a b'$(touch gone)"
    folder.init()
    (folder.made / "passwords" / "store").write_text(chosen, "ascii")
    folder.init()
    found = subprocess.run(
        ["/bin/sh", "-c", '. ./victoria-metrics && printf %s "$httpAuth_password"'],
        cwd=folder.made / "store",
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == chosen
    assert not (folder.made / "store" / "gone").exists()


def test_an_inventory_of_fifty_gateways_has_every_machine_once_and_no_secret(
    folder: Folder,
) -> None:
    example = EXAMPLE_WITH_RECEIVERS
    gateways = "".join(
        f'[[gateway]]\nname = "cellar{number}"\n'
        f'meters = [{{ title = "53414767700420{number:02X}", address = "a:1" }}]\n'
        for number in range(50)
    )
    assert "ansible-playbook site.yml" in folder.init(f"{example}\n{gateways}")
    config = ConfigParser()
    config.read_string(folder.text("ansible.cfg"))
    assert config.getint("defaults", "forks") == 25
    inventory = folder.text("inventory.yml")
    content = yaml.safe_load(inventory)["all"]
    groups = {name: group["hosts"] for name, group in content["children"].items()}
    sizes = {name: len(hosts) for name, hosts in groups.items()}
    assert sizes == {
        "fleet_gateways": 51,
        "fleet_nodes": 3,
        "fleet_store": 1,
        "fleet_collectors": 2,
        "fleet_monitoring": 1,
    }
    for host, variables in groups["fleet_gateways"].items():
        assert variables == {"smarty_p1_gateway": host, "smarty_p1_metrics": "127.0.0.1:9107"}
        assert (folder.made / f"gateway-{host}" / "gateway.toml").exists()
    for password in (folder.made / "passwords").rglob("*"):
        assert password.is_dir() or password.read_text("ascii").strip() not in inventory
    end = folder.certificate("store/store.pem").not_valid_after_utc
    assert content["vars"]["smarty_p1_ends"]["store"] == int(end.timestamp())
    # Ansible takes no colon in the name of a host.
    folder.init(example.replace("node2.lan", "[fd00::2]"))
    nodes = yaml.safe_load(folder.text("inventory.yml"))["all"]["children"]["fleet_nodes"]["hosts"]
    assert nodes["fd00--2"]["ansible_host"] == "fd00::2"


def test_nodes_tell_others_names_that_their_certificates_have(folder: Folder) -> None:
    folder.init(EXAMPLE_WITH_RECEIVERS.replace("node2.lan", "[fd00::2]:4333:6333"))
    text = folder.text("node2/nats-server.conf")
    assert re.findall(r"(?m)^ *(?:client_)?advertise: (.*)", text) == [
        '"[fd00::2]:4333"',
        '"[fd00::2]:6333"',
    ]
