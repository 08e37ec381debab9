"""Certificate authority of a fleet, and certificates of its NATS nodes and VictoriaMetrics."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from smarty_p1_gateway.config_table import raise_config_error

from .fleet_folder import FleetFiles

CA, CA_KEY = "ca/ca.pem", "ca/ca.key"
_CA_LIFE = timedelta(days=20 * 365)
LIFE = timedelta(days=825)
_USAGES = (
    *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("encipher_only", "decipher_only"),
)
# A certificate becomes valid a day before it is made, because the clocks of other machines may be
# slow.
_EARLIER = timedelta(days=1)


class CertificateAuthority:
    """Certificate authority. Its private key is needed only to sign, so it can be kept offline."""

    def __init__(self, files: FleetFiles, *, renew: bool) -> None:
        """Read the authority from `files`. If there is none, create it.

        With `renew`, `certify` replaces certificates that exist. Raises ConfigError.
        """
        self._files = files
        self._renew = renew
        self._now = datetime.now(UTC).replace(microsecond=0)
        text = files.read_text(CA)
        if text is None:
            if files.read_text(CA_KEY) is not None:
                raise_config_error(
                    f"{files.path(CA)} is missing, and {files.path(CA_KEY)} is there: put it back"
                )
            text = self._make()
        self.pem = text
        self._certificate = _read_certificate(files, CA, text)

    def certify(self, name: str, names: Sequence[str], *, is_client: bool = False) -> datetime:
        """Write a certificate for the host names `names`, as `<name>.pem` and `<name>.key`.

        Without `renew`, keep an existing certificate of this authority for the same names and the
        existing key. Return the time at which the certificate expires. Raises ConfigError.
        """
        general_names = [_general_name(host) for host in names]
        pem, key = self._files.read_text(f"{name}.pem"), self._files.read_text(f"{name}.key")
        if pem is not None and key is not None and not self._renew:
            there = _read_certificate(self._files, f"{name}.pem", pem)
            wanted = {str(general_name.value) for general_name in general_names}
            if _names_of(there) == wanted and self._has_signed(there, key):
                return there.not_valid_after_utc
        private_key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH]
        if is_client:
            usages.append(ExtendedKeyUsageOID.CLIENT_AUTH)
        authority = self._certificate
        builder = _builder(
            _name(name.rpartition("/")[2]),
            authority.subject,
            private_key.public_key(),
            (self._now - _EARLIER, min(self._now + LIFE, authority.not_valid_after_utc)),
        )
        for extension in (
            x509.ExtendedKeyUsage(usages),
            x509.SubjectAlternativeName(general_names),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                authority.public_key()  # type: ignore[arg-type] # always an EC key
            ),
        ):
            builder = builder.add_extension(extension, critical=False)
        signed = builder.sign(self._read_key(), hashes.SHA256())
        self._files.replace(f"{name}.key", _pem_of(private_key), is_secret=True)
        self._files.replace(f"{name}.pem", _text(signed))
        return signed.not_valid_after_utc

    def _make(self) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        # Part of the name is random, so that the authorities of two fleets have different names.
        name = _name(f"smarty_p1 fleet {secrets.token_hex(4)}")
        span = self._now - _EARLIER, self._now + _CA_LIFE
        builder = _builder(name, name, key.public_key(), span, is_authority=True)
        certificate = builder.sign(key, hashes.SHA256())
        self._files.replace(CA_KEY, _pem_of(key), is_secret=True)
        self._files.replace(CA, _text(certificate))
        return _text(certificate)

    def _has_signed(self, certificate: x509.Certificate, key: str) -> bool:
        """Return whether this authority has signed the certificate for the private key `key`.

        The certificate may not belong to the key: a run that fails between its two writes leaves a
        new key beside an old certificate.
        """
        try:
            certificate.verify_directly_issued_by(self._certificate)
            private_key = serialization.load_pem_private_key(key.encode(), None)
        except InvalidSignature, ValueError, TypeError:
            return False
        return private_key.public_key() == certificate.public_key()

    def _read_key(self) -> ec.EllipticCurvePrivateKey:
        path, text = self._files.path(CA_KEY), self._files.read_text(CA_KEY)
        if text is None:
            raise_config_error(f"{path} is needed to sign a certificate: put it back for this")
        try:
            key = serialization.load_pem_private_key(text.encode(), None)
        except ValueError, TypeError:
            raise_config_error(f"{path} is no key that can be read")
        if (
            not isinstance(key, ec.EllipticCurvePrivateKey)
            or key.public_key() != self._certificate.public_key()
        ):
            raise_config_error(f"{path} is not the key of {self._files.path(CA)}")
        return key


def _read_certificate(files: FleetFiles, name: str, text: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise_config_error(f"{files.path(name)} is no certificate (PEM)")


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    span: tuple[datetime, datetime],
    *,
    is_authority: bool = False,
) -> x509.CertificateBuilder:
    usage = dict.fromkeys(_USAGES, False)
    usage |= dict.fromkeys(("key_cert_sign", "crl_sign"), is_authority)
    usage["digital_signature"] = not is_authority
    constraints = x509.BasicConstraints(is_authority, 0 if is_authority else None)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(constraints, critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _names_of(certificate: x509.Certificate) -> set[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound, ValueError:
        return set()
    return {str(name.value) for name in extension.value}


def _pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
