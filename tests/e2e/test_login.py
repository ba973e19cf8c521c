# SPDX-License-Identifier: MIT
"""wrun.exe login and logout, and what a private registry is given; tests/integration/test_registry_login.py has the rest."""
import base64
import json
import shutil
import unittest

from hosted import BUILD
from pulled import REGISTRY, Pulled, fault_registry, make_image

USER, PASSWORD = "eve", "pa:ss wörd/+?"
HOME = "d:\\home"


class Login(Pulled):
    def setUp(self):
        super().setUp()
        self.registry, self.image = self.serve(), make_image()
        self.registry.put_image("a/b", self.image, "1")
        self.registry.require(fault_registry.TokenAccess({USER: PASSWORD}))
        self.reference = f"{self.registry.address}/a/b:1"
        self.home = self.mkdir("d", "home")
        self.addCleanup(shutil.rmtree, self.home)
        self.environment = {"USERPROFILE": HOME}

    def login(self, password=PASSWORD, code=0):
        # As cmd's echo ends a line.
        done = self.wrun("login", "-u", USER, "--password-stdin", self.registry.address, data=f"{password}\r\n".encode(),
                         environment=self.environment)
        self.assertEqual(done.code, code, done)
        self.assertNotIn(PASSWORD, done.out + done.err)
        return done

    def config(self):
        return json.loads((self.home / ".docker/config.json").read_text())

    def pull_private(self, code=0):
        done = self.wrun("pull", "--root", self.root, "--debug", self.reference, environment=self.environment)
        self.assertEqual(done.code, code, done)
        self.assertNotIn(PASSWORD, done.out + done.err)
        return done

    def logout(self):
        self.ok("logout", self.registry.address, environment=self.environment)

    def test_kept_in_the_profile(self):
        done = self.login()
        self.assertIn("the password is kept in 'D:\\home\\.docker\\config.json'".lower(), done.out.lower())
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.assertEqual(self.config(), {"auths": {self.registry.address: {"auth": secret}}})
        self.pull_private()
        self.check_complete(self.image)
        self.logout()
        self.assertEqual(self.config(), {"auths": {}})

    def test_a_wrong_password_is_not_kept(self):
        done = self.login(password="wrong", code=REGISTRY)
        self.assertIn("the user name, password or token may be wrong", done.err)
        self.assertFalse((self.home / ".docker").exists())

    def test_without_a_login(self):
        done = self.pull_private(code=REGISTRY)
        self.assertIn("'wrun login' stores a password", done.err)
        self.assertEqual(self.store.references(), [])

    def test_a_helper_keeps_it(self):
        programs = self.mkdir("d", "home/bin")
        shutil.copy(BUILD / "winhost/tool.exe", programs / "docker-credential-tool.exe")
        self.environment["PATH"] = HOME + "\\bin;C:\\windows\\system32"
        self.mkdir("d", "home/.docker")
        (self.home / ".docker/config.json").write_text(json.dumps({"credsStore": "tool"}))
        self.login()
        kept = json.loads((programs / "docker-credential-tool.exe.kept").read_bytes())
        self.assertEqual(kept, {"ServerURL": self.registry.address, "Username": USER, "Secret": PASSWORD})
        self.assertEqual(self.config(), {"credsStore": "tool"})
        self.pull_private()
        self.check_complete(self.image)
        self.logout()
        self.assertFalse((programs / "docker-credential-tool.exe.kept").exists())
        self.pull_private(code=REGISTRY)


if __name__ == "__main__":
    unittest.main()
