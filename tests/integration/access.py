# SPDX-License-Identifier: MIT
"""What the tests of credentials share: files of credentials, helpers, and that no secret is told."""
import base64
import json
import os
import pathlib
import subprocess

from fault_registry import basic
from pulling import WRUN, FaultTestCase

USER, PASSWORD = "eve", "pa:ss wörd/+?"
SECRETS = [PASSWORD, basic(USER, PASSWORD).split()[1], "identity-secret", "registry-secret",
           *(f"token-{n}" for n in range(1, 9))]


def auth(user=USER, password=PASSWORD):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


class AuthTestCase(FaultTestCase):
    """wrun with a home of its own, told to say everything it can say."""

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.folder) / "home"
        self.home.mkdir()

    def environment(self):
        names = ("WRUN_AUTH_FILE", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "DOCKER_AUTH_CONFIG")
        usual = {name: value for name, value in super().environment().items() if name not in names}
        return {**usual, "HOME": str(self.home)}

    def write(self, name, content):
        path = pathlib.Path(self.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def write_home(self, content):
        return self.write("home/.docker/config.json", content)

    def read_home(self):
        return json.loads((self.home / ".docker/config.json").read_text())

    def auths(self, entry=None, host=None):
        return {"auths": {host or self.registry.address: entry or auth()}}

    def write_helper(self, name, body):
        """A helper that writes down what it is asked, in folder/asked; returns the variables that make it found."""
        script = f'#!/bin/sh\necho "$*" >> "{self.folder}/asked"\n{body}\n'
        path = pathlib.Path(self.write(f"bin/docker-credential-{name}", script))
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:{os.environ['PATH']}"}

    def asked(self):
        path = pathlib.Path(self.folder) / "asked"
        return path.read_text().split() if path.exists() else []

    def check_no_secret(self, done):
        for secret in SECRETS:
            self.assertNotIn(secret, done.stdout + done.stderr)

    def pull(self, reference, *options, **more):
        if "--json" not in options:
            options = ("--debug", "--progress", "plain", *options)
        done = super().pull(reference, *options, **more)
        self.check_no_secret(done)
        return done

    def wrun(self, *words, code=0, env=None, **more):
        """Another verb than pull."""
        done = subprocess.run([WRUN, *words], capture_output=True, timeout=60, check=False,
                              env={**self.environment(), **(env or {})}, **more)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, done.stderr)
        self.check_no_secret(done)
        return done
