# SPDX-License-Identifier: MIT
"""A proxy: forwards http, tunnels https, writes down what it was asked. Whatever the name, it connects to this host."""
import base64
import http.client
import http.server
import select
import socket
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def refuses(self):
        proxy = self.server.proxy
        proxy.requests.append((self.command, self.path))
        if proxy.refusal:
            self.answer(proxy.refusal)
        elif proxy.user and self.headers.get("Proxy-Authorization") != proxy.expected():
            self.answer(407, {"Proxy-Authenticate": 'Basic realm="the proxy"'})
        else:
            return False
        return True

    def answer(self, status, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()

    def do_CONNECT(self):
        if self.refuses():
            return
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as upstream:
            self.send_response(200)
            self.end_headers()
            self.tunnel(upstream)
        self.close_connection = True

    def tunnel(self, upstream):
        pairs = {self.connection: upstream, upstream: self.connection}
        while True:
            for source in select.select(list(pairs), [], [], 60)[0]:
                try:
                    data = source.recv(65536)
                    pairs[source].sendall(data)
                except OSError:
                    return
                if not data:
                    return

    def do_GET(self):
        if self.refuses():
            return
        url = urllib.parse.urlsplit(self.path)
        upstream = http.client.HTTPConnection("127.0.0.1", url.port, timeout=60)
        upstream.request("GET", url.path + (f"?{url.query}" if url.query else ""),
                         headers={k: v for k, v in self.headers.items() if not k.lower().startswith("proxy-")})
        answer = upstream.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        upstream.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients hang up


class Proxy:
    def __init__(self, user=None, refusal=None):
        self.user, self.refusal, self.requests = user, refusal, []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True, args=(0.02,))
        self.thread.start()

    def expected(self):
        return "Basic " + base64.b64encode(self.user.encode()).decode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
