# SPDX-License-Identifier: MIT
"""Images and indexes in the Docker and OCI formats, and their way into a registry (plain HTTP PUTs)."""
import gzip
import hashlib
import http.client
import json
import urllib.parse

DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Blob:
    def __init__(self, data, media_type):
        self.data, self.media_type, self.digest = data, media_type, digest(data)

    def descriptor(self, **more):
        return {"mediaType": self.media_type, "size": len(self.data), "digest": self.digest, **more}


class Layer(Blob):
    def __init__(self, tar, media_type=DOCKER_LAYER, compress=True, diff_id=None, level=6):
        super().__init__(gzip.compress(tar, level, mtime=0) if compress else tar, media_type)
        self.diff_id = diff_id or digest(tar)


class Image:
    def __init__(self, layers, config=None, os="windows", architecture="amd64", os_version=None):
        self.layers, self.os, self.architecture, self.os_version = layers, os, architecture, os_version
        document = {"architecture": architecture, "os": os, "created": "2026-01-01T00:00:00Z",
                    "config": config or {}, "rootfs": {"type": "layers", "diff_ids": [x.diff_id for x in layers]}}
        if os_version:
            document["os.version"] = os_version
        self.config = Blob(dump(document), DOCKER_CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": self.config.descriptor(),
                    "layers": [layer.descriptor() for layer in layers]}
        self.manifest = Blob(dump(manifest), DOCKER_MANIFEST)

    def platform(self):
        value = {"architecture": self.architecture, "os": self.os}
        if self.os_version:
            value["os.version"] = self.os_version
        return value


def index(images, extra=()):
    """A manifest list; 'extra' are descriptors of further entries."""
    entries = [i.manifest.descriptor(platform=i.platform()) for i in images] + list(extra)
    return Blob(dump({"schemaVersion": 2, "mediaType": DOCKER_INDEX, "manifests": entries}), DOCKER_INDEX)


class Registry:
    def __init__(self, address):
        self.address = address

    def request(self, method, path, body=b"", headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            text = response.read()
            if response.status >= 400 and method != "HEAD":
                raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
            return response
        finally:
            connection.close()

    def push_blob(self, repository, blob):
        if self.request("HEAD", f"/v2/{repository}/blobs/{blob.digest}").status == 200:
            return
        location = self.request("POST", f"/v2/{repository}/blobs/uploads/").getheader("Location")
        parts = urllib.parse.urlsplit(location)
        query = parts.query + ("&" if parts.query else "") + "digest=" + urllib.parse.quote(blob.digest)
        self.request("PUT", f"{parts.path}?{query}", blob.data, {"Content-Type": "application/octet-stream"})

    def push_manifest(self, repository, tag, blob):
        self.request("PUT", f"/v2/{repository}/manifests/{tag}", blob.data, {"Content-Type": blob.media_type})

    def push_image(self, repository, image, tag=None):
        for blob in [*image.layers, image.config]:
            self.push_blob(repository, blob)
        self.push_manifest(repository, tag or image.manifest.digest, image.manifest)

    def push_index(self, repository, tag, images, extra=()):
        for image in images:
            self.push_image(repository, image)
        self.push_manifest(repository, tag, index(images, extra))
