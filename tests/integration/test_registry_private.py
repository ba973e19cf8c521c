# SPDX-License-Identifier: MIT
"""Debian's docker-registry behind a password and behind a token service that signs with RS256."""
import base64
import json
import pathlib
import subprocess
import time
import warnings

from access import PASSWORD, USER, AuthTestCase, auth
from fault_registry import FaultRegistry, TokenAccess, basic
from pulling import REGISTRY, make_image, oci
from servers import DockerRegistry, need


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class SignedTokens(TokenAccess):
    """Tokens as distribution's docs/spec/auth/jwt.md describes them."""

    def __init__(self, folder, users):
        super().__init__(users)
        self.key, self.certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=issuer",
                        "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)

    def make(self, scopes):
        pem = pathlib.Path(self.certificate).read_text().splitlines()
        now = int(time.time())
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        parts = [{"typ": "JWT", "alg": "RS256", "x5c": ["".join(pem[1:-1])]},
                 {"iss": "issuer", "sub": USER, "aud": "the service", "exp": now + 300, "nbf": now - 10, "iat": now,
                  "jti": str(len(self.given)), "access": access}]
        text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(),
                                capture_output=True, check=True)
        return f"{text}.{base64url(signed.stdout)}"


def bcrypt(password):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import crypt  # pylint: disable=deprecated-module,import-outside-toplevel
        return crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))


class PrivateTest(AuthTestCase):
    def setUp(self):
        super().setUp()
        need("docker-registry")
        self.image = make_image()
        folder = pathlib.Path(self.folder)
        filling = DockerRegistry(folder / "filling")
        try:
            oci.Registry(filling.address).push_image("a/b", self.image, "1")
        finally:
            filling.close()
        self.data = filling.data

    def serve(self, lines):
        registry = DockerRegistry(pathlib.Path(self.folder) / "registry", lines, self.data)
        self.addCleanup(registry.close)
        self.host, self.reference = registry.address, f"{registry.address}/a/b:1"

    def check_all(self):
        self.check_says(self.pull(self.reference, code=REGISTRY), "hint: the image may be private")
        self.write_home(self.auths(auth(USER, "mistaken"), self.host))
        self.pull(self.reference, code=REGISTRY)
        done = self.wrun("login", "-u", USER, "--password-stdin", self.host, input=b"mistaken", code=REGISTRY)
        self.check_says(done, "hint")
        self.wrun("login", "-u", USER, "--password-stdin", self.host, input=PASSWORD.encode())
        self.pull(self.reference)
        self.check_stored(self.image)
        self.wrun("logout", self.host)
        self.assertEqual(self.read_home(), {"auths": {}})

    def test_password(self):
        path = self.write("htpasswd", f"{USER}:{bcrypt(PASSWORD)}\n")
        self.serve(f"auth:\n  htpasswd:\n    realm: the realm\n    path: {path}\n")
        self.check_all()

    def test_token(self):
        need("openssl")
        service = FaultRegistry()
        self.addCleanup(service.close)
        tokens = SignedTokens(self.folder, {USER: PASSWORD})
        service.require(tokens)
        self.serve(f"auth:\n  token:\n    realm: {service.url}{tokens.PATH}\n    service: the service\n"
                   f"    issuer: issuer\n    rootcertbundle: {tokens.certificate}\n")
        self.check_all()
        self.assertEqual(service.seen("/")[-1].headers["Authorization"], basic(USER, PASSWORD))
