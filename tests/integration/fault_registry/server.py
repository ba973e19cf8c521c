# SPDX-License-Identifier: MIT
"""The registry: an HTTP server, what it serves, and what it was asked."""
import contextlib
import dataclasses
import http.server
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

PIECE = 64 << 10  # sent, counted and throttled at a time


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes = b""
    range: tuple = None  # first and last byte asked for
    status: int = None   # of the answer
    sent: int = 0        # bytes of the answer's body that were handed to the network


class Fault:
    def __init__(self, part, action, times, when):
        self.part, self.action, self.left, self.when = part, action, times, when
        self.lock = threading.Lock()

    def applies(self, handler):
        if self.part not in handler.path or (self.when and not self.when(handler.request_seen)):
            return False
        with self.lock:
            if self.left == 0:
                return False
            self.left -= 1
        return True

    def answers(self, handler):
        return self.applies(handler) and self.action(handler) is not False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    # ---- answering ----

    def begin(self, status, headers=()):
        self.request_seen.status = status
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, data):
        """As much of a body as the client takes, counted and at the registry's rate."""
        if self.command == "HEAD":
            return
        view, registry = memoryview(data), self.server.registry
        for start in range(0, len(view), PIECE):
            piece = view[start:start + PIECE]
            registry.wait_for_turn(len(piece))
            self.request_seen.sent += len(piece)  # before the client has it and looks at the count
            try:
                self.wfile.write(piece)
            except OSError:
                self.request_seen.sent -= len(piece)
                raise

    def reply(self, status, body=b"", headers=()):
        self.begin(status, {"Content-Length": str(len(body)), **dict(headers)})
        self.send(body)

    def reply_error(self, status, code, message="", headers=()):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.reply(status, body, {"Content-Type": "application/json", **dict(headers)})

    def blob(self):
        """The blob that is asked for."""
        return self.server.registry.blobs[urllib.parse.urlsplit(self.path).path.rpartition("/")[2]]

    def blob_answer(self, data):
        """Status, headers and body of the right answer to a request for a blob of that content."""
        headers = {"Content-Type": "application/octet-stream"}
        if not self.request_seen.range:
            return 200, headers, data
        first, last = self.request_seen.range
        if first >= len(data):
            return 416, {**headers, "Content-Range": f"bytes */{len(data)}"}, b""
        last = min(last, len(data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return 206, headers, memoryview(data)[first:last + 1]

    def reply_blob(self, data, headers=()):
        status, usual, body = self.blob_answer(data)
        self.reply(status, body, {**usual, **dict(headers)})

    # ---- ending badly ----

    def hang_up(self):
        """Closes the connection as a process that ends does."""
        self.wfile.flush()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def reset(self):
        """Closes the connection as a crashed machine does: the client sees 'reset by peer'."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    # ---- being asked ----

    def do_GET(self):
        registry = self.server.registry
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.request_seen = Request(self.command, url.path, urllib.parse.parse_qs(url.query), dict(self.headers),
                                    body, range_of(self.headers.get("Range", "")))
        with registry.lock:
            registry.requests.append(self.request_seen)
            faults = list(registry.faults)
        if not any(fault.answers(self) for fault in faults):
            registry.answer(self, url.path)

    do_HEAD = do_GET
    do_POST = do_GET


def range_of(text):
    """First and last byte of a closed range; open ones are not served, as some registries do not."""
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        connection, address = super().get_request()
        # What the network holds counts as sent; a small buffer keeps the counts near the truth.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * PIECE)
        self.registry.connections += 1
        return connection, address

    def handle_error(self, request, client_address):
        # Clients hang up in the middle on purpose.
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout, ssl.SSLError)):
            super().handle_error(request, client_address)


class FaultRegistry:
    """host: the name in references; certificate: (cert file, key file) for https; rate: bytes a second, of all
    connections together; listen: the address it is really at."""

    def __init__(self, host=None, certificate=None, rate=None, listen="127.0.0.1", port=0):
        self.lock = threading.Lock()
        self.requests, self.faults = [], []
        self.connections = 0
        self.manifests, self.blobs = {}, {}
        self.access = None
        self.token = None
        self.tokens_given = 0
        self.rate, self.next_turn = rate, 0
        self.server = Server((listen, port), Handler)
        self.server.registry = self
        self.scheme = "http"
        if certificate:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"{host or listen}:{self.server.server_address[1]}"
        self.url = f"{self.scheme}://{self.address}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def wait_for_turn(self, size):
        if not self.rate:
            return
        with self.lock:
            now = time.monotonic()
            self.next_turn = max(self.next_turn, now) + size / self.rate
            pause = self.next_turn - now
        time.sleep(pause)

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

    def fault(self, part, action, times=-1, when=None):
        """For requests whose path contains 'part' and, if given, for which when(request) is true: the next 'times' of
        them or all."""
        self.faults.append(Fault(part, action, times, when))

    def require_token(self, token="secret-token", realm=None):
        """Anonymous tokens as Docker Hub gives them."""
        self.token = token
        self.realm = realm or f"{self.url}/token?purpose=test"

    def require(self, access):
        """Lets in whom the access (access.py) lets in."""
        self.access = access

    def seen(self, part, method="GET"):
        with self.lock:
            return [r for r in self.requests if part in r.path and r.method == method]

    def served(self, part):
        """Bytes of content that left for such paths, whether or not they arrived."""
        return sum(r.sent for r in self.seen(part) if r.status in (200, 206))

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
        elif self.access and self.access.answers(handler, path):
            pass
        elif self.access and not self.access.lets_in(handler):
            handler.reply_error(401, "UNAUTHORIZED", "authentication required",
                                {"WWW-Authenticate": self.access.challenge(self)})
        elif path == "/v2/":
            handler.reply(200, b"{}")
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
            handler.reply_blob(self.blobs[rest])
        elif kind == "tags" and known:
            tags = [name for r, name in self.manifests if r == repository and ":" not in name]
            handler.reply(200, json.dumps({"name": repository, "tags": tags}).encode())
        elif not known and kind != "manifests":
            handler.reply_error(404, "NAME_UNKNOWN", "repository name not known to registry")
        else:
            code = "BLOB_UNKNOWN" if kind == "blobs" else "MANIFEST_UNKNOWN"
            handler.reply_error(404, code, "not known to registry")
