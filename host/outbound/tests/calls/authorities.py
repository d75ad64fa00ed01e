"""Serves HTTPS on four ports of 127.0.0.1, each with another certificate, until standard input ends.

The certificates are made with Python's `cryptography` and spoken with OpenSSL: neither is what the client uses.
Prints one JSON object: the ports, by what is the matter with their certificate. `ca.pem` in the folder given as the
argument is the authority of all but `untrusted`.
"""

import datetime
import http.server
import ipaddress
import json
import pathlib
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc)
folder = pathlib.Path(sys.argv[1])


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def authority(title):
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(title))
        .issuer_name(name(title))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 30 * DAY)
        .not_valid_after(NOW + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    return key, builder.sign(key, hashes.SHA256())


def certificate(issuer, host, begins, ends):
    ca_key, ca = issuer
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("server"))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return key, builder.sign(ca_key, hashes.SHA256())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


def serve(what, made):
    key, certificate_ = made
    path = folder / f"{what}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate_.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


ours, other = authority("ours"), authority("another")
here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
elsewhere = x509.DNSName("elsewhere.example")
(folder / "ca.pem").write_bytes(ours[1].public_bytes(serialization.Encoding.PEM))
ports = {
    "good": serve("good", certificate(ours, here, NOW - DAY, NOW + DAY)),
    "untrusted": serve("untrusted", certificate(other, here, NOW - DAY, NOW + DAY)),
    "other-name": serve("other-name", certificate(ours, elsewhere, NOW - DAY, NOW + DAY)),
    "expired": serve("expired", certificate(ours, here, NOW - 3 * DAY, NOW - DAY)),
    "not-yet": serve("not-yet", certificate(ours, here, NOW + DAY, NOW + 3 * DAY)),
}
print(json.dumps(ports), flush=True)
sys.stdin.read()
