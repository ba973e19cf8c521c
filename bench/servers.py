# SPDX-License-Identifier: MIT
"""The servers of a measurement, on loopback: a web server that looks like a registry, and containerd."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

NGINX = """{user}
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
    access_log off; sendfile on; tcp_nopush on; types {{}}
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port}; root {root};
        location = /v2/ {{ default_type application/json; return 200 "{{}}"; }}
        location ~ /manifests/ {{ default_type application/vnd.docker.distribution.manifest.v2+json; }}
        location / {{ default_type application/octet-stream; }}
    }}
}}
"""

CONTAINERD = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/socket"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not start")
        time.sleep(0.05)


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def running(command, **more):
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def registry(folder, root):
    """Yields host:port of a web server over the files that content.make() laid out."""
    port = free_port()
    # As root the workers would become somebody who cannot read the files.
    user = "user root;" if os.geteuid() == 0 else ""
    config = pathlib.Path(folder) / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, root=root, user=user))
    with running(["nginx", "-c", str(config), "-e", f"{folder}/nginx.log"]):
        wait_for(lambda: accepts(port), "nginx")
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def containerd(folder):
    """Yields the address of a containerd with an empty store in 'folder'."""
    os.makedirs(folder)
    config = pathlib.Path(folder) / "config.toml"
    config.write_text(CONTAINERD.format(folder=folder))
    address = f"{folder}/socket"
    log = open(f"{folder}/log", "wb")
    with log, running(["containerd", "-c", str(config), "-l", "error"], stdout=log, stderr=log):
        ask = ["ctr", "-a", address, "version"]
        wait_for(lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0, "containerd")
        yield address
