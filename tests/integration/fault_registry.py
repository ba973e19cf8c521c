# SPDX-License-Identifier: MIT
"""A registry that misbehaves on request.

It serves what put_*() gave it, and writes down every request. A fault is a function that is asked before
the ordinary answer; it answers by itself and returns True, or returns False to let the request pass:

    registry.fault("/blobs/", faults.status(500), times=1)
"""
import collections
import contextlib
import http.server
import json
import socket
import ssl
import sys
import threading
import time
import urllib.parse

Request = collections.namedtuple("Request", "method path query headers")


class Fault:
    def __init__(self, part, action, times):
        self.part, self.action, self.left = part, action, times

    def answers(self, handler):
        if self.part not in handler.path or self.left == 0:
            return False
        self.left -= 1
        return self.action(handler) is not False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        fields = {"Content-Length": str(len(body)), **dict(headers)}
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_error(self, status, code, message="", headers=()):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.reply(status, body, {"Content-Type": "application/json", **dict(headers)})

    def do_GET(self):
        registry = self.server.registry
        url = urllib.parse.urlsplit(self.path)
        with registry.lock:
            registry.requests.append(
                Request(self.command, url.path, urllib.parse.parse_qs(url.query), dict(self.headers)))
            faults = list(registry.faults)
        if not any(fault.answers(self) for fault in faults):
            registry.answer(self, url.path)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        # Clients hang up in the middle on purpose.
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout)):
            super().handle_error(request, client_address)


class FaultRegistry:
    """host: the name in references; certificate: (cert file, key file) for https."""

    def __init__(self, host="127.0.0.1", certificate=None):
        self.lock = threading.Lock()
        self.requests, self.faults = [], []
        self.manifests, self.blobs = {}, {}
        self.token = None
        self.tokens_given = 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.registry = self
        self.scheme = "http"
        if certificate:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"{host}:{self.server.server_address[1]}"
        self.url = f"{self.scheme}://{self.address}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # ---- content ----

    def put_manifest(self, repository, name, data, media_type):
        self.manifests[repository, name] = (data, media_type)

    def put_image(self, repository, image, tag=None):
        for blob in [*image.layers, image.config]:
            self.blobs[blob.digest] = blob.data
        for name in filter(None, (tag, image.manifest.digest)):
            self.put_manifest(repository, name, image.manifest.data, image.manifest.media_type)

    def put_index(self, repository, tag, index, images):
        for image in images:
            self.put_image(repository, image)
        self.put_manifest(repository, tag, index.data, index.media_type)
        self.put_manifest(repository, index.digest, index.data, index.media_type)

    # ---- misbehaviour and its traces ----

    def fault(self, part, action, times=-1):
        """For requests whose path contains 'part', the next 'times' of them or all."""
        self.faults.append(Fault(part, action, times))

    def require_token(self, token="secret-token", realm=None):
        """Anonymous tokens as Docker Hub gives them."""
        self.token = token
        self.realm = realm or f"{self.url}/token?purpose=test"

    def seen(self, part, method="GET"):
        with self.lock:
            return [r for r in self.requests if part in r.path and r.method == method]

    def forget(self):
        with self.lock:
            self.requests.clear()

    # ---- ordinary answers ----

    def answer(self, handler, path):
        if path == "/token":
            self.tokens_given += 1
            handler.reply(200, json.dumps({"token": self.token}).encode())
        elif self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            challenge = f'Bearer realm="{self.realm}",service="the service"'
            handler.reply_error(401, "UNAUTHORIZED", "authentication required",
                                {"WWW-Authenticate": challenge})
        else:
            self.answer_content(handler, path)

    def answer_content(self, handler, path):
        repository, _, rest = path.removeprefix("/v2/").rpartition("/")
        repository, _, kind = repository.rpartition("/")
        known = any(r == repository for r, _ in self.manifests)
        if kind == "manifests" and (repository, rest) in self.manifests:
            data, media_type = self.manifests[repository, rest]
            handler.reply(200, data, {"Content-Type": media_type})
        elif kind == "blobs" and rest in self.blobs:
            handler.reply(200, self.blobs[rest], {"Content-Type": "application/octet-stream"})
        elif kind == "tags" and known:
            tags = [name for r, name in self.manifests if r == repository and ":" not in name]
            handler.reply(200, json.dumps({"name": repository, "tags": tags}).encode())
        elif not known and kind != "manifests":
            handler.reply_error(404, "NAME_UNKNOWN", "repository name not known to registry")
        else:
            code = "BLOB_UNKNOWN" if kind == "blobs" else "MANIFEST_UNKNOWN"
            handler.reply_error(404, code, "not known to registry")


# ---- faults ----

def status(code, body=b"", **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(code, body, fields)


def error(code, name, message="", **headers):
    fields = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda handler: handler.reply_error(code, name, message, fields)


def redirect(target, code=307):
    """target: a base URL to which the path is added, or a whole URL when it has a path."""
    def action(handler):
        whole = urllib.parse.urlsplit(target).path
        handler.reply(code, b"", {"Location": target if whole else target + handler.path})
    return action


def content(change, **headers):
    """Answers with change(blob) in place of the blob, and the Content-Length of that."""
    def action(handler):
        blob = handler.server.registry.blobs[handler.path.rpartition("/")[2]]
        handler.reply(200, change(blob), headers)
    return action


def truncated(keep):
    """Promises the whole blob, sends 'keep' bytes of it and hangs up."""
    def action(handler):
        blob = handler.server.registry.blobs[handler.path.rpartition("/")[2]]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(blob)))
        handler.end_headers()
        handler.wfile.write(blob[:keep])
        handler.wfile.flush()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)
    return action


def stalled(keep, event):
    """Sends 'keep' bytes, then nothing until the event is set; then the rest."""
    def action(handler):
        blob = handler.server.registry.blobs[handler.path.rpartition("/")[2]]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(blob)))
        handler.end_headers()
        handler.wfile.write(blob[:keep])
        handler.wfile.flush()
        event.wait(60)
        handler.wfile.write(blob[keep:])
    return action


def endless(handler):
    """A body without Content-Length and without end."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        handler.wfile.write(b"x" * 65536)
