"""Certificates for tests, made on the spot: an authority, and what it signs for a server."""

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)


class Authority:
    """A root certificate. `pem`: as bytes, as a charge point gets it."""

    def __init__(self, name="Test root"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        builder = _builder(self._name, self._name, self._key.public_key(), -_DAY, 30 * _DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        builder = builder.add_extension(_usage(sign=True), True)
        self.pem = _pem(builder.sign(self._key, hashes.SHA256()))

    def server(self, folder, *names, begins=-_DAY, ends=30 * _DAY):
        """Return an ssl.SSLContext of a server with a fresh certificate for `names`, IPs too.

        folder: where the files lie; begins, ends: a timedelta from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(self._name, _named(names[0]), key.public_key(), begins, ends)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(_usage(sign=False), True)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        chain = _pem(builder.add_extension(alternatives, False).sign(self._key, hashes.SHA256()))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.pem").write_bytes(chain)
        (folder / "server.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        return context


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(issuer, subject, public_key, begins, ends):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().issuer_name(issuer).subject_name(subject)
            .public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(now + begins).not_valid_after(now + ends))


def _usage(sign):
    return x509.KeyUsage(
        digital_signature=not sign, key_cert_sign=sign, crl_sign=sign, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
