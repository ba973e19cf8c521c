# SPDX-License-Identifier: MIT
"""Frames of the protocol between the DLLs and the daemon: a length, then strings that each end in NUL."""

import struct

LIMIT = 16 * 1024 * 1024


class ProtocolError(Exception):
    """The peer does not speak the protocol; the connection is of no more use."""


def receive_exactly(sock, count):
    """`count` bytes, or None when the peer closed before the first of them."""
    chunks = bytearray()
    while len(chunks) < count:
        data = sock.recv(min(count - len(chunks), 1 << 20))
        if not data:
            if chunks:
                raise ProtocolError("connection closed inside a frame")
            return None
        chunks += data
    return bytes(chunks)


def decode(payload):
    """The strings of a payload."""
    if not payload or payload[-1] != 0:
        raise ProtocolError("payload does not end in NUL")
    try:
        return payload[:-1].decode("utf-8").split("\0")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"payload is not UTF-8: {error}") from None


def encode(strings):
    """A whole frame, length included."""
    payload = b"".join(text.encode("utf-8") + b"\0" for text in strings)
    if len(payload) > LIMIT:
        raise ProtocolError("frame too long")
    return struct.pack("<I", len(payload)) + payload


def receive(sock):
    """The strings of the next frame, or None at the end of the connection."""
    header = receive_exactly(sock, 4)
    if header is None:
        return None
    (length,) = struct.unpack("<I", header)
    if length == 0 or length > LIMIT:
        raise ProtocolError(f"frame of {length} bytes")
    payload = receive_exactly(sock, length)
    if payload is None:
        raise ProtocolError("connection closed inside a frame")
    return decode(payload)


def send(sock, strings):
    sock.sendall(encode(strings))


def pairs(strings):
    """NAME, VALUE, NAME, VALUE ... as a dictionary; a name may come once."""
    if len(strings) % 2:
        raise ProtocolError("a name without a value")
    result = {}
    for name, value in zip(strings[::2], strings[1::2]):
        if name in result:
            raise ProtocolError(f"argument {name!r} twice")
        result[name] = value
    return result


def argument(value):
    """A typed request value: `s` text, `u` unsigned, `n` NULL."""
    kind, rest = value[:1], value[1:]
    if kind == "s":
        return rest
    if kind == "u" and rest.isascii() and rest.isdigit():
        return int(rest)
    if kind == "n" and not rest:
        return None
    raise ProtocolError(f"bad value {value[:40]!r}")
