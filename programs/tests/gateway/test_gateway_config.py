"""The gateway's configuration: its values, and messages about its faults."""

import gc
import ssl
from pathlib import Path

import nkeys
import pytest

from dev.checkout import PROGRAMS
from dev.testing.table import rows
from smarty_p1_gateway import ConfigError, GatewayConfig, read_config
from smarty_p1_gateway.config_table import FORMAT
from smarty_p1_gateway.gateway_config import BrokerConfig
from smarty_p1_gateway.nats.nats_config import NatsConfig
from smartyp1.publish.publish_format import Format

MIN = '[mqtt]\nhost = "broker"\n[[port]]\naddress = "10.0.0.1:2001"\n'
KEY = "00" * 16
KEYS = f"* {KEY}"
PORT = '[[port]]\naddress = "/dev/ttyUSB0"\n'
SERVERS = 'servers = ["node1"]\n'
NATS = f"[nats]\n{SERVERS}"


def read(directory: Path, text: str) -> GatewayConfig:
    path = directory / "gateway.toml"
    path.write_text(text, "utf-8")
    return read_config(path)


def spelled_out(text: str) -> str:
    """Return the text of a file from a line of a table."""
    for name, meant in (("MIN", MIN), ("NATS", NATS), ("PORT", PORT), ("KEY", KEY), ("; ", "\n")):
        text = text.replace(name, meant)
    return text


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    # Editors of Windows begin a file with a byte order mark.
    config = read(tmp_path, f"\ufeff{MIN}")
    assert isinstance(config.broker, BrokerConfig)
    assert (config.broker.host, config.broker.port) == ("broker", 1883)
    assert (config.broker.username, config.broker.password, config.broker.tls) == (None, None, None)
    [port] = config.ports
    assert port.address == "socket://10.0.0.1:2001"
    assert (port.root, port.prefix) == (None, "smarty_p1")
    assert config.queue_path == tmp_path / "smarty-p1-queue.sqlite3"
    assert config.queue_bytes == 256 * 1024 * 1024
    assert (config.metrics_address, config.metrics_port) == ("127.0.0.1", None)


def test_all_keys_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n", "utf-8")
    config = read(
        tmp_path,
        f"""
        [mqtt]
        host = "broker"
        tls = true
        username = "cellar"
        password_file = "{tmp_path / "password"}"
        topic = "energy/meters"
        [queue]
        path = "/var/lib/x/queue"
        max_megabytes = 1
        [metrics]
        address = "::"
        port = 9107
        [[port]]
        address = "/dev/ttyUSB0"
        name = "house"
        [[port]]
        address = "10.0.0.1:2001"
        root = "flat/2"
        """,
    )
    assert isinstance(config.broker, BrokerConfig)
    assert config.broker.port == 8883
    assert (config.broker.username, config.broker.password) == ("cellar", "s3cret")
    assert isinstance(config.broker.tls, ssl.SSLContext)
    assert config.broker.tls.verify_mode is ssl.CERT_REQUIRED
    assert [port.root for port in config.ports] == ["energy/meters/house", "flat/2"]
    assert str(config.queue_path) == "/var/lib/x/queue"
    assert (config.metrics_address, config.metrics_port) == ("::", 9107)


@pytest.mark.parametrize("host", ["broker", "broker.lan", "10.0.0.1", "::1", "fe80::1%eth0", "a_b"])
def test_names_and_addresses_of_brokers(tmp_path: Path, host: str) -> None:
    config = read(tmp_path, MIN.replace('"broker"', f'" {host} "'))
    assert isinstance(config.broker, BrokerConfig)
    assert config.broker.host == host


def test_a_password_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTY_P1_MQTT_PASSWORD", "s3cret")
    config = read(tmp_path, f'[mqtt]\nhost = "broker"\nusername = "cellar"\n{PORT}')
    assert config.broker.password == "s3cret"


def with_keys(directory: Path, text: str = "") -> str:
    """Return the start of a configuration with keys, and the table `[publish]`."""
    path = directory / "keys"
    path.write_text(KEYS, "ascii")
    path.chmod(0o600)
    return f'[keys]\nfile = "{path}"\n[publish]\n{text}\n'


def test_without_keys_nothing_is_decoded(tmp_path: Path) -> None:
    config = read(tmp_path, MIN)
    assert config.decoding is None
    assert [port.sealed for port in config.ports] == [True]


def test_with_keys_telegrams_are_decoded(tmp_path: Path) -> None:
    config = read(tmp_path, with_keys(tmp_path) + MIN + PORT + "sealed = true\n")
    assert config.decoding is not None
    assert config.decoding.keys.key_of(bytes(8)) is not None
    publish = config.decoding.publish
    assert (publish.form, publish.retain, publish.min_interval) == (Format.VALUES, False, 0)
    assert publish.repeat_every == 60
    assert publish.discovery is None
    assert [port.sealed for port in config.ports] == [False, True]
    assert KEY not in repr(config)


def test_all_keys_of_publishing(tmp_path: Path) -> None:
    publish = (
        'format = "both"\nretain = true\nmin_interval = 60\ndiscovery = true\n'
        'discovery_prefix = "ha/own"\nlanguage = "de"\nrepeat_every = 0'
    )
    decoding = read(tmp_path, with_keys(tmp_path, publish) + MIN).decoding
    assert decoding is not None
    publish_config = decoding.publish
    assert (publish_config.form, publish_config.retain) == (Format.BOTH, True)
    assert (publish_config.min_interval, publish_config.repeat_every) == (60, 0)
    discovery = decoding.publish.discovery
    assert discovery is not None
    assert (discovery.prefix, discovery.lifetime) == ("ha/own", 150)
    assert discovery.texts.names["device.gas.name"].startswith("Gasz")
    assert discovery.texts.icons["sensor"]["energy_imported"]["default"].startswith("mdi:")
    assert discovery.origin["name"] == "smarty_p1"


def test_the_smartyreaders_topics(tmp_path: Path) -> None:
    text = with_keys(tmp_path, 'format = "smartyreader"') + MIN + PORT
    own = '[[port]]\naddress = "/dev/ttyUSB1"\nname = "house"\n'
    roots = [port.root for port in read(tmp_path, text + own).ports]
    assert roots == ["lamsmarty", "lamsmarty2", "smarty_p1/house"]


@pytest.mark.parametrize(
    ("text", "message"),
    rows("""
        format = "all"           | [publish] format must be one of
        retain = 1               | [publish] retain must be true or false
        min_interval = -1        | [publish] min_interval must be from 0 to 3600
        min_interval = 3601      | [publish] min_interval must be from 0 to 3600
        repeat_every = 3601      | [publish] repeat_every must be from 0 to 3600
        discovery_prefix = "a/#" | [publish] discovery_prefix must be a topic
        language = "nl"          | [publish] language must be one of de, en, fr, lb, pt
        language = "../en"       | [publish] language must be one of
        qos = 1                  | [publish] qos is not known
    """),
)
def test_the_message_names_the_fault_of_publishing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, with_keys(tmp_path, text) + MIN)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *rows("""
                                             | there must be either [mqtt] or [nats]
            [mqtt]                           | [mqtt] host is missing
            [mqtt                            | is no TOML: line 1
            mqtt = 1                         | [mqtt] must be a table
            port = 1; [mqtt]; host='b'       | [[port]]: none is listed
            port = [1]; [mqtt]; host='b'     | [port 1] must be a table
            [mqtt]; host='b'                 | [[port]]: none is listed
            [mqtt]; host=''                  | [mqtt] host must not be empty
            [mqtt]; host=1                   | [mqtt] host must be a text in quotes
            [mqtt]; host='b'; port=0         | [mqtt] port must be from 1 to 65535
            [mqtt]; host='b'; port=true      | [mqtt] port must be a whole number
            [mqtt]; host='b'; tls='yes'      | [mqtt] tls must be true or false
            [mqtt]; host='mqtt://b'          | [mqtt] host must be a name or an address alone
            [mqtt]; host='b:1883'            | [mqtt] host must be a name or an address alone
            [mqtt]; host='a..b'              | [mqtt] host must be a name or an address
            MIN; [metrics]; address='a..b'   | [metrics] address must be a name or an address
            [mqtt]; host='cellar:s3cret@b'   | [mqtt] host must be a name or an address alone
            [mqtt]; host='b'; ca_file='/etc/hostname' | [mqtt] ca_file cannot be used: there is no
            [mqtt]; host='b'; password_file='$NOWHERE/x' | [mqtt] password_file names a $VARIABLE
            [mqtt]; host='b'; ca_file='/nowhere' | [mqtt] ca_file cannot be used
            [mqtt]; host='b'; password='s3cret' | [mqtt] password does not belong here
            [mqtt]; host='b'; password_file='/nowhere' | [mqtt] password_file cannot be read
            [mqtt]; host='b'; password_file='/dev/null' | [mqtt] password_file is empty
            [mqtt]; host='b'; topic='a/#'    | [mqtt] topic must be a topic
            [mqtt]; host='b'; hots='b'; PORT | [mqtt] hots is not known
            [mqtt]; host='b'; [extra]; PORT  | [top of the file] extra is not known
            MIN; [queue]; max_megabytes=0    | [queue] max_megabytes must be from 1 to 1000000
            MIN; name='a/b'                  | [port 1] name must have 1 to 64
            MIN; [[port]]; name='a'          | [port 2] address is missing
            MIN; [[port]]; address='10.0.0.1:2001' | two [[port]] have the same address
            MIN; root='a'; PORT; root='a'    | two [[port]] have the same root
            MIN; title='534147677004103'     | [port 1] title must be the meter's system title
            MIN; title='0000000000000000'; PORT | title must be in each [[port]] or in none
            MIN; sealed=false                | [port 1] sealed cannot be false without [keys]
            [publish]; retain=true; MIN      | [publish] needs [keys]
            publish=0; MIN                   | [publish] must be a table
            [keys]; MIN                      | [keys] file is missing
            [keys]; fiel='/nowhere'; MIN     | [keys] fiel is not known
            [keys]; file='${NOWHERE}/keys'; MIN | [keys] file names a $VARIABLE
            [keys]; command=["a\\u0000b"]; MIN | [keys] command must be a list
            MIN; KEY=1                       | [port 1] a key is not known
            format=0; MIN                    | [top of the file] format must be from 1
            format='2'; MIN                  | [top of the file] format must be a whole number
            [keys]; file='/nowhere'; MIN     | [keys] file cannot be read
            keys=1; MIN                      | [keys] must be a table
            NATS; inbox_prefix='_INBOX.>'    | [nats] inbox_prefix must have 1 to 71 of A-Z
            [nats]                           | [nats] servers is missing
            [nats]; servers=[]               | [nats] servers must be a list of texts in quotes
            [nats]; servers=['mqtt://node1'] | [nats] servers must be like nats://node1:4222
            [nats]; servers=['tls://node1']  | [nats] servers must be like nats://node1:4222; for T
            [nats]; servers=['nats://n:99999'] | [nats] servers must be like nats://node1:4222
            [nats]; servers=['nats://n/x']   | [nats] servers must be like nats://node1:4222
            [nats]; servers=['a..b']         | [nats] servers must be like nats://node1:4222
            [nats]; servers=['a b']          | [nats] servers must be like nats://node1:4222
            [nats]; servers=['u:s3cret@n']   | [nats] servers must not have a login in it
            NATS; username='gateway'         | [nats] password_file is missing
            NATS; credentials_file='/none'   | [nats] credentials_file cannot be read: No such
            NATS; topic='x'; PORT            | [nats] topic is not known
            NATS; ca_file='/none'            | [nats] ca_file cannot be used
            NATS; [mqtt]; host='b'           | there must be either [mqtt] or [nats]
            NATS; PORT; root='flat/1'        | [port 1] root is for [mqtt]
        """),
        (f"{MIN}[metrics]\naddress='{64 * 'a'}'", "[metrics] address must be a name or an address"),
        pytest.param("a=" + "9" * 5000, "has a number with too many digits", id="digits"),
        ("[mqtt]\nhost='b'\ntopic='" + "x" * 257 + "'", "[mqtt] topic must be a topic of up to"),
        (f"format={FORMAT}\n{MIN}wings=2", "[port 1] wings is not known"),
        (f"format={FORMAT + 1}\n{MIN}name='a/b'", "[port 1] name must have 1 to 64"),
        (f"[nats]\nservers={['a'] * 101}", "[nats] servers must not have more than 100 nodes"),
        *(
            (NATS + f"batch_seconds = {text}", "[nats] batch_seconds must be")
            for text in ("-1", "61", "'1'", "true", "inf", "nan", "9" * 400)
        ),
    ],
)
def test_the_message_names_the_fault(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, spelled_out(text))
    assert str(error.value).startswith(message)
    assert "s3cret" not in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize(
    ("text", "named"),
    rows("""
        NATS; PORT; wings = 2          | [port 1] wings
        NATS; wings = 2; PORT          | [nats] wings
        NATS; [wings]; PORT            | [top of the file] wings
        NATS; [queue]; wings = 2; PORT | [queue] wings
        NATS; KEY = 2; PORT            | [nats] a key
    """),
)
def test_keys_of_a_newer_file_are_ignored_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, named: str
) -> None:
    text = spelled_out(text)
    assert read(tmp_path, f"format = {FORMAT + 1}\n{text}").ports
    [message] = caplog.messages
    assert message.startswith(f"{named} is not known to this version, and ignored")
    with pytest.raises(ConfigError, match="is not known"):
        read(tmp_path, text)


def test_too_many_brackets(tmp_path: Path) -> None:
    # Garbage of other tests must not be collected where there is no room for one more call.
    gc.collect()
    with pytest.raises(ConfigError, match="too many brackets"):
        read(tmp_path, "a=" + "[" * 5000)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(tmp_path / "nothing")


def test_the_example_has_only_known_keys(tmp_path: Path) -> None:
    text = (PROGRAMS / "smarty_p1_gateway" / "gateway.toml").read_text("utf-8")
    password = tmp_path / "password"
    password.write_text("s3cret", "utf-8")
    text = text.replace("/etc/smarty-p1/mqtt-password", str(password))
    assert [port.root for port in read(tmp_path, text).ports] == ["smarty_p1/house"]
    everything = text.replace("# ca_file", "## ca_file").replace("\n# topic", "\ntopic")
    keys = tmp_path / "keys"
    keys.write_text(KEYS, "ascii")
    keys.chmod(0o600)
    everything = everything.replace("/etc/smarty-p1/meter-keys", str(keys))
    names = (
        "format retain min_interval repeat_every discovery language sealed file [keys] [publish]"
    )
    for name in (*names.split(), "port = 8883", "max_megabytes", "address", "[[port]]"):
        everything = everything.replace(f"# {name}", name)
    config = read(tmp_path, everything)
    assert config.decoding is not None
    assert config.ports[0].sealed
    assert [port.address for port in config.ports][1] == "socket://192.168.1.50:2001"


def read_nats(directory: Path, text: str) -> NatsConfig:
    broker = read(directory, f"[nats]\n{text}\n{PORT}").broker
    assert isinstance(broker, NatsConfig)
    return broker


def credentials(directory: Path) -> Path:
    seed = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER).decode()
    path = directory / "user.creds"
    path.write_text(
        "-----BEGIN NATS USER JWT-----\nabc.def\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n",
        encoding="ascii",
    )
    return path


@pytest.mark.parametrize(
    ("server", "url"),
    rows("""
        node1                 | nats://node1:4222
        node1:5222            | nats://node1:5222
        nats://10.0.0.1:4222/ | nats://10.0.0.1:4222
        [fd00::1]:4222        | nats://[fd00::1]:4222
    """),
)
def test_servers(tmp_path: Path, server: str, url: str) -> None:
    config = read_nats(tmp_path, f'servers = ["{server}", "nats://other:1"]')
    assert config.servers == (url, "nats://other:1")
    assert read_nats(tmp_path, f"{SERVERS}batch_seconds = 0.5").batch_seconds == 0.5
    assert (config.username, config.password, config.credentials, config.tls) == (None,) * 4


def test_user_and_password_over_tls(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n", "ascii")
    config = read_nats(
        tmp_path,
        f'{SERVERS}tls = true\nusername = "gateway"\npassword_file = "{tmp_path / "password"}"',
    )
    assert (config.username, config.password) == ("gateway", "s3cret")
    assert isinstance(config.tls, ssl.SSLContext)
    assert config.tls.verify_mode is ssl.CERT_REQUIRED
    assert config.tls.check_hostname
    assert "s3cret" not in repr(config)


def test_a_credentials_file(tmp_path: Path) -> None:
    path = credentials(tmp_path)
    config = read_nats(tmp_path, f'{SERVERS}credentials_file = "{path}"')
    assert config.credentials == path.read_text("ascii")
    assert "SEED" not in repr(config)


@pytest.mark.parametrize(
    ("text", "inbox"),
    [
        ("", "_INBOX"),
        ('username = "cellar-1"', "_INBOX_cellar-1"),
        # The longest name that `fleet init` accepts.
        (f'username = "{"g" * 64}"', f"_INBOX_{'g' * 64}"),
        # Subjects below these prefixes would belong to other users.
        ('username = "cellar.1"', "_INBOX"),
        ('username = "*"', "_INBOX"),
        ('username = "cellar"\ninbox_prefix = "_INBOX"', "_INBOX"),
        ('inbox_prefix = "_INBOX_attic"', "_INBOX_attic"),
    ],
)
def test_the_inbox_is_the_users_own(
    tmp_path: Path, text: str, inbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "username" in text:
        monkeypatch.setenv("SMARTY_P1_NATS_PASSWORD", "s3cret")
    assert read_nats(tmp_path, SERVERS + text).inbox_prefix == inbox


@pytest.mark.parametrize("seed", ["", "s3cret", "SUADEADBEEF", "ü"])
def test_credentials_that_are_none(tmp_path: Path, seed: str) -> None:
    path = credentials(tmp_path)
    lines = path.read_text("ascii").splitlines()
    lines[5] = seed
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(ConfigError) as error:
        read_nats(tmp_path, f'{SERVERS}credentials_file = "{path}"')
    assert str(error.value) == "[nats] credentials_file is no NATS credentials file"


def test_two_logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTY_P1_NATS_PASSWORD", "s3cret")
    path = credentials(tmp_path)
    with pytest.raises(ConfigError, match=r"^\[nats\] username and credentials_file are both"):
        read_nats(tmp_path, f'{SERVERS}credentials_file = "{path}"\nusername = "gateway"')


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smarty_p1_gateway.nats.nats_config.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"^\[nats\] needs nats-py: .*\[fleet\]$"):
        read_nats(tmp_path, SERVERS)
