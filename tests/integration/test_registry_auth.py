# SPDX-License-Identifier: MIT
"""Credentials: which are found, where they go, and that nothing shows them."""
import json
import pathlib

import fault_registry as faults
from access import PASSWORD, USER, AuthTestCase, auth
from fault_registry import BasicAccess, TokenAccess, basic
from pulling import NOT_FOUND, REGISTRY, make_image


class SourceTest(AuthTestCase):
    """Each source is used, and each before the ones after it."""

    def setUp(self):
        super().setUp()
        self.registry.require(BasicAccess(USER, PASSWORD))
        self.wrong = self.auths(auth("eve", "wrong"))

    def check_pulls(self, *options, env=None):
        self.pull(self.reference, *options, env=env)
        self.check_stored(self.image)

    def test_home(self):
        self.write_home(self.auths())
        self.check_pulls()

    def test_docker_config(self):
        self.write_home(self.wrong)
        self.write("d/config.json", self.auths())
        self.check_pulls(env={"DOCKER_CONFIG": f"{self.folder}/d"})

    def test_docker_auth_config(self):
        self.write_home(self.wrong)
        self.check_pulls(env={"DOCKER_AUTH_CONFIG": json.dumps(self.auths())})

    def test_docker_auth_config_lacks_the_host(self):
        self.write_home(self.auths())
        other = json.dumps(self.auths(auth("eve", "wrong"), "other.example"))
        self.check_pulls(env={"DOCKER_AUTH_CONFIG": other})

    def test_registry_auth_file(self):
        self.write_home(self.wrong)
        env = {"REGISTRY_AUTH_FILE": self.write("r.json", self.auths()), "DOCKER_AUTH_CONFIG": json.dumps(self.wrong)}
        self.check_pulls(env=env)

    def test_wrun_auth_file(self):
        env = {"WRUN_AUTH_FILE": self.write("w.json", self.auths()),
               "REGISTRY_AUTH_FILE": self.write("r.json", self.wrong)}
        self.check_pulls(env=env)

    def test_option(self):
        env = {"WRUN_AUTH_FILE": self.write("w.json", self.wrong)}
        self.check_pulls("--authfile", self.write("o.json", self.auths()), env=env)

    def test_longest_path(self):
        other = auth("eve", "wrong")
        self.write_home({"auths": {self.registry.address: other, f"{self.registry.address}/a": auth(),
                                   f"{self.registry.address}/a/c": other}})
        self.check_pulls()

    def test_url_as_key(self):
        self.write_home(self.auths(host=f"http://{self.registry.address}/v1/"))
        self.check_pulls()

    def test_user_and_password_in_the_open(self):
        self.write_home(self.auths({"username": USER, "password": PASSWORD}))
        self.check_pulls()

    def test_byte_order_mark(self):
        self.write_home("\ufeff" + json.dumps(self.auths()))
        self.check_pulls()


class BadSourceTest(AuthTestCase):
    def setUp(self):
        super().setUp()
        self.registry.require(BasicAccess(USER, PASSWORD))

    def test_named_file_is_missing(self):
        done = self.pull(self.reference, "--authfile", f"{self.folder}/no.json", code=NOT_FOUND)
        self.check_says(done, "no.json")

    def test_no_credentials(self):
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, f"{self.registry.address} wants a user name and a password",
                        f"wrun login {self.registry.address}")

    def test_utf16(self):
        path = pathlib.Path(self.write_home(""))
        path.write_bytes(json.dumps(self.auths()).encode("utf-16"))
        self.check_says(self.pull(self.reference, code=REGISTRY), str(path), "UTF-16", "hint: save it again as UTF-8")

    def test_malformed(self):
        host = self.registry.address
        for content, told in (("{", "not JSON"),
                              ("[]", "expected an object"),
                              ({"auths": {host: {"auth": "%%identity-secret"}}}, f"auths.{host}.auth: not base64"),
                              ({"auths": {host: {"auth": 7}}}, f"auths.{host}.auth: expected a string"),
                              ({"auths": {"": auth()}}, "the key names no host"),
                              ({"credHelpers": {host: "../x"}}, "not the name of a credential helper"),
                              ({"credsStore": "a/b"}, "credsStore: not the name of a credential helper")):
            with self.subTest(told):
                path = self.write_home(content)
                self.check_says(self.pull(self.reference, code=REGISTRY), path, told)

    def test_docker_auth_config_is_strict(self):
        for content, told in (({**self.auths(), "credsStore": "x"}, "DOCKER_AUTH_CONFIG: credsStore: only 'auths'"),
                              (self.auths({**auth(), "identitytoken": "identity-secret"}), "only 'auth' may stand"),
                              ("{", "DOCKER_AUTH_CONFIG: not JSON")):
            with self.subTest(told):
                text = content if isinstance(content, str) else json.dumps(content)
                done = self.pull(self.reference, code=REGISTRY, env={"DOCKER_AUTH_CONFIG": text})
                self.check_says(done, told)

    def test_wrong_password(self):
        self.write_home(self.auths(auth("eve", "wrong")))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "UNAUTHORIZED")
        self.assertEqual(len(self.registry.seen("/manifests/")), 2)

    def test_nothing_is_read_unless_the_registry_asks(self):
        self.registry.require(None)
        self.write_home("{")
        self.pull(self.reference)
        self.check_stored(self.image)


class TokenTest(AuthTestCase):
    def tokens(self, method="GET"):
        """The requests for tokens."""
        return self.registry.seen(TokenAccess.PATH, method)

    def test_password(self):
        self.registry.require(TokenAccess({USER: PASSWORD}))
        self.write_home(self.auths())
        self.pull(self.reference)
        self.check_stored(self.image)
        asked, = self.tokens()
        self.assertEqual(asked.query, {"service": ["the service"], "scope": ["repository:a/b:pull"],
                                       "account": [USER]})
        self.assertEqual(asked.headers["Authorization"], basic(USER, PASSWORD))
        for request in self.registry.seen("/v2/"):
            self.assertIn(request.headers.get("Authorization"), (None, "Bearer token-1"))

    def test_wrong_password(self):
        self.registry.require(TokenAccess({USER: "another"}))
        self.write_home(self.auths())
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "get a token", "wrong user name or password", "hint: the user name, password or token")
        self.assertEqual(len(self.tokens()), 1)

    def test_identity_token(self):
        self.registry.require(TokenAccess({}, refresh=["identity-secret"]))
        self.write_home(self.auths({"identitytoken": "identity-secret"}))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.tokens(), [])
        asked, = self.tokens("POST")
        self.assertNotIn("Authorization", asked.headers)
        self.assertEqual(asked.headers["Content-Type"], "application/x-www-form-urlencoded")
        self.assertEqual(asked.body.decode(), "grant_type=refresh_token&service=the%20service&client_id=wrun"
                         "&scope=repository%3Aa%2Fb%3Apull&refresh_token=identity-secret")

    def test_token_as_user_name(self):
        self.registry.require(TokenAccess({}, refresh=["identity-secret"]))
        self.write_home(self.auths(auth("<token>", "identity-secret")))
        self.pull(self.reference)

    def test_registry_token(self):
        access = TokenAccess()
        access.given["registry-secret"] = (0, [])
        self.registry.require(access)
        self.write_home(self.auths({"registrytoken": "registry-secret"}))
        self.pull(self.reference)
        self.assertEqual(self.tokens(), [])

    def test_insufficient_scope_after_a_token(self):
        self.registry.require(TokenAccess(scope=None))
        wide = 'Bearer realm="{}",error="insufficient_scope",scope="repository:a/b:pull,delete"'
        challenge = wide.format(self.registry.url + TokenAccess.PATH)
        self.registry.fault("/manifests/", faults.error(401, "DENIED", WWW_Authenticate=challenge), times=1,
                            when=lambda r: r.headers.get("Authorization") == "Bearer token-1")
        self.pull(self.reference)
        self.assertEqual([r.query["scope"] for r in self.tokens()],
                         [["repository:a/b:pull"], ["repository:a/b:pull,delete"]])

    def test_never_enough(self):
        access = TokenAccess()
        self.registry.require(access)
        wide = 'Bearer realm="{}",error="insufficient_scope",scope="repository:a/b:pull,delete"'
        challenge = wide.format(self.registry.url + TokenAccess.PATH)
        self.registry.fault("/manifests/", faults.error(401, "DENIED", WWW_Authenticate=challenge))
        self.check_says(self.pull(self.reference, code=REGISTRY), "DENIED")
        self.assertEqual(len(self.tokens()), 1)

    def test_no_challenge(self):
        self.registry.require(TokenAccess({USER: PASSWORD}))
        self.write_home(self.auths())
        self.registry.fault("/manifests/", faults.error(401, "UNAUTHORIZED"), times=1)
        self.pull(self.reference)
        self.assertEqual(len([r for r in self.registry.requests if r.path == "/v2/"]), 1)
        self.assertEqual(self.tokens()[0].query["scope"], ["repository:a/b:pull"])

    def test_a_service_that_repeats_what_it_is_sent(self):
        self.registry.require(TokenAccess({USER: PASSWORD}))
        self.write_home(self.auths())
        for text in (PASSWORD, basic(USER, PASSWORD)):
            body = json.dumps({"errors": [{"code": "X", "message": f"not {text}"}]}, ensure_ascii=False).encode()
            self.registry.fault(TokenAccess.PATH, faults.status(401, body), times=1)
            self.check_says(self.pull(self.reference, code=REGISTRY), "status 401")

    def test_short_lives(self):
        """Tokens that do not last for the pull: each is replaced, and nothing is fetched twice."""
        self.registry.rate = 400_000
        self.image = make_image(layers=12, size=60_000)
        self.registry.put_image("a/b", self.image, "1")
        self.registry.require(TokenAccess({USER: PASSWORD}, life=0.6, expires_in=1))
        self.write_home(self.auths())
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertGreaterEqual(len(self.tokens()), 2)
        for layer in self.image.layers:
            self.assertEqual(self.registry.served(layer.digest), len(layer.data))
