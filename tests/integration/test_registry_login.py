# SPDX-License-Identifier: MIT
"""wrun login, wrun logout and credential helpers."""
import json
import os
import pathlib
import pty
import stat
import subprocess
import time

import fault_registry as faults
from access import PASSWORD, USER, AuthTestCase, auth
from fault_registry import BasicAccess, TokenAccess, basic
from pulling import INTERRUPTED, REGISTRY, USAGE, WRUN


class LoginTestCase(AuthTestCase):
    def setUp(self):
        super().setUp()
        self.registry.require(TokenAccess({USER: PASSWORD}))
        self.host = self.registry.address

    def login(self, *options, password=PASSWORD, host=None, **more):
        data = password if isinstance(password, bytes) else password.encode()
        return self.wrun("login", "--debug", "-u", USER, "--password-stdin", *options, host or self.host,
                         input=data, **more)


class LoginTest(LoginTestCase):
    def test_kept_and_used(self):
        done = self.login()
        self.assertEqual(done.stdout, f"Logged in to {self.host} as {USER}; the password is kept in "
                         f"'{self.home}/.docker/config.json'\n")
        self.check_says(done, "the password is kept unencrypted")
        asked, = self.registry.seen(TokenAccess.PATH)
        self.assertEqual(asked.query, {"service": ["the service"], "account": [USER]})
        self.assertEqual(self.read_home(), self.auths())
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_only_the_owner_can_read_it(self):
        self.login()
        self.assertEqual(stat.S_IMODE((self.home / ".docker").stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((self.home / ".docker/config.json").stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.home / ".docker"), ["config.json"])

    def test_a_readable_file_becomes_private(self):
        path = pathlib.Path(self.write_home({}))
        path.chmod(0o644)
        self.login()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_a_link_is_followed(self):
        real = self.write("elsewhere.json", {"x": 1})
        (self.home / ".docker").mkdir()
        (self.home / ".docker/config.json").symlink_to(real)
        self.login()
        self.assertTrue((self.home / ".docker/config.json").is_symlink())
        self.assertEqual(json.loads(pathlib.Path(real).read_text()), {"x": 1, **self.auths()})

    def test_the_rest_of_the_file_stays(self):
        before = {"HttpHeaders": {"A": "b"}, "auths": {"other": auth("x", "y"), self.host: {"email": "e"}},
                  "plugins": {"p": {"n": 1.5, "on": True}}, "last": None}
        self.write_home(before)
        self.login()
        before["auths"][self.host].update(auth())
        self.assertEqual(self.read_home(), before)
        self.assertEqual(list(self.read_home()), list(before))

    def test_other_file(self):
        self.login("--authfile", f"{self.folder}/new/own.json")
        self.assertEqual(json.loads(pathlib.Path(f"{self.folder}/new/own.json").read_text()), self.auths())
        self.assertEqual(os.listdir(self.home), [])

    def test_what_shells_add_to_a_password(self):
        for password in (PASSWORD + "\n", PASSWORD + "\r\n", "\ufeff" + PASSWORD + "\r\n"):
            with self.subTest(repr(password)):
                self.login(password=password)

    def test_json(self):
        done = self.login("--json")
        self.assertEqual(json.loads(done.stdout),
                         {"host": self.host, "user": USER, "file": f"{self.home}/.docker/config.json"})

    def test_basic(self):
        self.registry.require(BasicAccess(USER, PASSWORD))
        self.login()
        self.assertEqual([(r.path, r.headers.get("Authorization")) for r in self.registry.requests],
                         [("/v2/", None), ("/v2/", basic(USER, PASSWORD))])

    def test_identity_token(self):
        self.registry.require(TokenAccess({}, refresh=["identity-secret"]))
        self.wrun("login", "-u", "<token>", "--password-stdin", self.host, input=b"identity-secret")
        self.assertEqual(self.read_home(), self.auths({"identitytoken": "identity-secret"}))
        self.pull(self.reference)

    def test_what_is_stored_does_not_help(self):
        self.write_home(self.auths())
        self.login(password="mistaken", code=REGISTRY)


class RefusedLoginTest(LoginTestCase):
    def check_refused(self, code, *told, **more):
        done = self.login(code=code, **more)
        self.check_says(done, *told)
        self.assertEqual(os.listdir(self.home), [])

    def test_wrong_password(self):
        self.check_refused(REGISTRY, "get a token", "wrong user name or password", password="mistaken")

    def test_wrong_password_for_basic(self):
        self.registry.require(BasicAccess(USER, PASSWORD))
        self.check_refused(REGISTRY, "log in", "status 401", "hint: check the user name", password="mistaken")

    def test_no_registry_there(self):
        self.registry.fault("/v2/", faults.status(404, b"<html>"))
        self.check_refused(REGISTRY - 3, "log in", "status 404")

    def test_no_password(self):
        for password in (b"", b"\n", b"a\0b"):
            with self.subTest(password):
                self.check_refused(USAGE, "password", password=password)
        self.assertEqual(self.registry.requests, [])

    def test_bad_hosts(self):
        for host in ("", "a/b", "ghcr.io/name", "noport:", "https://", "exa mple.com"):
            with self.subTest(host):
                done = self.wrun("login", "-u", USER, "--password-stdin", host, input=b"x", code=USAGE)
                self.assertEqual(os.listdir(self.home), [], done.stderr)

    def test_password_as_an_option(self):
        for words in (("-p", "x"), ("--password", "x"), ("--password=x",)):
            done = self.wrun("login", "-u", USER, *words, self.host, code=USAGE)
            self.check_says(done, "every process of this machine can read command lines")

    def test_no_user(self):
        self.check_says(self.wrun("login", "--password-stdin", self.host, input=b"x", code=USAGE), "--username")
        done = self.wrun("login", "-u", USER, self.host, stdin=subprocess.DEVNULL, code=USAGE)
        self.check_says(done, "no terminal", "hint: pipe it in and add --password-stdin")
        self.check_says(self.wrun("login", "-u", "a:b", "--password-stdin", self.host, input=b"x", code=USAGE), "colon")

    def test_a_broken_file_is_left_alone(self):
        path = self.write_home('{"auths":')
        self.check_says(self.login(code=REGISTRY), path, "not JSON")
        self.assertEqual(pathlib.Path(path).read_text(), '{"auths":')


class TerminalTest(LoginTestCase):
    def start(self, *args, **more):
        return super().start(*args, **more)

    def at_terminal(self, *words):
        ours, its = pty.openpty()
        process = subprocess.Popen([WRUN, "login", *words, self.host], stdin=its, stdout=subprocess.PIPE, stderr=its,
                                   env=self.environment())
        self.addCleanup(os.close, ours)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(its)
        return process, ours

    def expect(self, ours, text):
        seen = b""
        deadline = time.monotonic() + 20
        while text.encode() not in seen and time.monotonic() < deadline:
            seen += os.read(ours, 1000)
        self.assertIn(text.encode(), seen)
        return seen

    def test_asked(self):
        process, ours = self.at_terminal()
        self.expect(ours, "Username: ")
        os.write(ours, f"{USER}\n".encode())
        self.expect(ours, "Password: ")
        os.write(ours, f"{PASSWORD}\n".encode())
        seen = self.expect(ours, "unencrypted")
        self.assertNotIn(PASSWORD.encode(), seen)
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(self.read_home(), self.auths())

    def test_interrupted(self):
        process, ours = self.at_terminal("-u", USER)
        self.expect(ours, "Password: ")
        process.send_signal(2)
        self.assertEqual(process.wait(20), INTERRUPTED)
        self.assertEqual(os.listdir(self.home), [])


class LogoutTest(LoginTestCase):
    def test_forgotten(self):
        self.write_home({"auths": {self.host: auth(), f"https://{self.host}/v1/": auth(), "other": auth("x", "y")},
                         "x": [1]})
        done = self.wrun("logout", self.host)
        self.assertEqual(done.stdout, f"Logged out of {self.host}\n")
        self.assertEqual(self.read_home(), {"auths": {"other": auth("x", "y")}, "x": [1]})
        self.assertEqual(self.registry.requests, [])
        self.assertEqual(self.wrun("logout", self.host).stdout, f"Not logged in to {self.host}\n")

    def test_hub_and_json(self):
        self.write_home({"auths": {"https://index.docker.io/v1/": auth()}})
        self.assertEqual(json.loads(self.wrun("logout", "--json").stdout), {"host": "docker.io", "removed": True})
        self.assertEqual(json.loads(self.wrun("logout", "--json").stdout), {"host": "docker.io", "removed": False})
        self.assertEqual(self.read_home(), {"auths": {}})

    def test_no_file(self):
        self.assertEqual(self.wrun("logout", self.host).stdout, f"Not logged in to {self.host}\n")
        self.assertEqual(os.listdir(self.home), [])


class HelperTest(LoginTestCase):
    ANSWER = json.dumps({"ServerURL": "x", "Username": USER, "Secret": PASSWORD}, ensure_ascii=False)

    def get(self, answer=ANSWER, code=0):
        return f"cat > '{self.folder}/input'\ncat <<'END'\n{answer}\nEND\nexit {code}"

    def input(self):
        return (pathlib.Path(self.folder) / "input").read_text()

    def test_for_all_hosts(self):
        self.write_home({"credsStore": "fake"})
        self.pull(self.reference, env=self.write_helper("fake", self.get()))
        self.check_stored(self.image)
        self.assertEqual(self.asked(), ["get"])
        self.assertEqual(self.input(), self.host)

    def test_for_one_host(self):
        self.write_home({"credsStore": "missing", "credHelpers": {self.host: "fake"}})
        self.pull(self.reference, env=self.write_helper("fake", self.get()))
        self.assertEqual(self.asked(), ["get"])

    def test_identity_token(self):
        self.registry.require(TokenAccess({}, refresh=["identity-secret"]))
        self.write_home({"credsStore": "fake"})
        answer = json.dumps({"Username": "<token>", "Secret": "identity-secret"})
        self.pull(self.reference, env=self.write_helper("fake", self.get(answer)))

    def test_it_knows_nothing(self):
        self.registry.require(TokenAccess())
        self.write_home({"credHelpers": {self.host: "fake"}})
        env = self.write_helper("fake", self.get("credentials not found in native keychain", 1))
        self.pull(self.reference, env=env)
        asked, = self.registry.seen(TokenAccess.PATH)
        self.assertNotIn("Authorization", asked.headers)

    def test_it_knows_nothing_but_the_file_does(self):
        self.write_home({"credsStore": "fake", **self.auths()})
        self.pull(self.reference, env=self.write_helper("fake", "echo credentials not found in native keychain; exit 1"))

    def test_it_fails(self):
        self.write_home({"credHelpers": {self.host: "fake"}})
        for body, told in (("echo it is locked; exit 1", "docker-credential-fake cannot get: it is locked"),
                           ("exit 1", "it does not say why"),
                           ("echo '{'", "docker-credential-fake's answer: not JSON"),
                           ("echo '{}'", "'Username' is missing"),
                           ("head -c 2000000 /dev/zero", "limit of 1048576 bytes"),
                           ("kill -9 $$", "it does not say why")):
            with self.subTest(told):
                done = self.pull(self.reference, env=self.write_helper("fake", body), code=REGISTRY)
                self.check_says(done, told)

    def test_one_for_all_hosts_that_fails_is_no_reason_to_give_up(self):
        self.registry.require(TokenAccess())
        for suffix, told in (("fake", "cannot get: it is locked"), ("missing", "missing is not on PATH")):
            self.write_home({"credsStore": suffix})
            done = self.pull(self.reference, env=self.write_helper("fake", "echo it is locked; exit 1"))
            self.check_says(done, told)

    def test_one_for_this_host_that_is_missing(self):
        self.write_home({"credHelpers": {self.host: "missing"}})
        done = self.pull(self.reference, code=4)
        self.check_says(done, "docker-credential-missing is not on PATH", "hint: install it")

    def test_not_from_the_working_directory(self):
        self.write_home({"credHelpers": {self.host: "fake"}})
        self.write_helper("fake", self.get())
        done = self.pull(self.reference, env={"PATH": f".:bin:{os.environ['PATH']}"}, code=4)
        self.check_says(done, "is not on PATH")
        self.assertEqual(self.asked(), [])

    def test_login_and_logout(self):
        self.write_home({"credsStore": "fake", "auths": {self.host: auth("old", "old")}})
        env = self.write_helper("fake", f"cat > '{self.folder}/input'")
        done = self.login(env=env)
        self.assertIn("kept in the helper fake", done.stdout)
        self.assertNotIn("unencrypted", done.stderr)
        self.assertEqual(json.loads(self.input()), {"ServerURL": self.host, "Username": USER, "Secret": PASSWORD})
        self.assertEqual(self.read_home()["auths"], {self.host: auth("old", "old")})
        self.wrun("logout", self.host, env=env)
        self.assertEqual(self.input(), self.host)
        self.assertEqual(self.asked(), ["store", "erase"])
        self.assertEqual(self.read_home(), {"credsStore": "fake", "auths": {}})

    def test_a_helper_that_repeats_the_password(self):
        self.write_home({"credsStore": "fake"})
        done = self.login(env=self.write_helper("fake", "cat; exit 1"), code=REGISTRY)
        self.check_says(done, "docker-credential-fake cannot store")

    def test_the_hub_s_name(self):
        self.write_home({"credsStore": "fake"})
        self.wrun("logout", env=self.write_helper("fake", f"cat > '{self.folder}/input'"))
        self.assertEqual(self.input(), "https://index.docker.io/v1/")
