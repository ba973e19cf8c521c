# SPDX-License-Identifier: MIT
"""Who may come in: Basic, and token services as they are spoken to with GET and with POST."""
import base64
import json
import time
import urllib.parse


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class BasicAccess:
    """One user name and password for everything."""

    def __init__(self, user, password):
        self.expected = basic(user, password)

    def lets_in(self, handler):
        return handler.headers.get("Authorization") == self.expected

    def challenge(self, registry):
        return 'Basic realm="the realm"'

    def answers(self, handler, path):
        return False


class TokenAccess:
    """A token service. users: {user: password}, None = anonymous; refresh: identity tokens that it takes by POST;
    life: after so many seconds a token is refused; expires_in: what it says about that.

    Tokens differ, and each is good for the scopes that were asked for with it."""

    PATH = "/auth/token"

    def __init__(self, users=None, refresh=(), life=None, expires_in=None, realm=None, scope=None):
        self.users, self.refresh, self.life, self.expires_in = users, refresh, life, expires_in
        self.realm, self.scope = realm, scope
        self.given = {}  # token: (time, scopes)

    def lets_in(self, handler):
        scheme, _, token = handler.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.given:
            return False
        began, scopes = self.given[token]
        in_time = self.life is None or time.monotonic() < began + self.life
        return in_time and (self.scope is None or self.scope in scopes)

    def challenge(self, registry):
        realm = self.realm or f"{registry.url}{self.PATH}"
        text = f'Bearer realm="{realm}",service="the service"'
        return text + (f',scope="{self.scope}"' if self.scope else "")

    def answers(self, handler, path):
        if path != self.PATH:
            return False
        form = urllib.parse.parse_qs(handler.request_seen.body.decode())
        query = form if handler.command == "POST" else handler.request_seen.query
        if not self.accepts(handler, form):
            handler.reply_error(401, "UNAUTHORIZED", "wrong user name or password")
            return True
        scopes = [scope for text in query.get("scope", []) for scope in text.split()]
        token = self.make(scopes)
        self.given[token] = (time.monotonic(), scopes)
        name = "access_token" if handler.command == "POST" else "token"
        reply = {name: token, **({"expires_in": self.expires_in} if self.expires_in else {})}
        handler.reply(200, json.dumps(reply).encode(), {"Content-Type": "application/json"})
        return True

    def make(self, scopes):
        return f"token-{len(self.given) + 1}"

    def accepts(self, handler, form):
        if handler.command == "POST":
            return form.get("grant_type") == ["refresh_token"] and form["refresh_token"][0] in self.refresh
        if self.users is None:
            return True
        sent = handler.headers.get("Authorization")
        return sent in [basic(*pair) for pair in self.users.items()]
