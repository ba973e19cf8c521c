# SPDX-License-Identifier: MIT
"""Content that is cut, late, wrong, or encoded. Ranges are kept to where nothing else is said."""
import time

EDGE_CHUNK = 8 << 20  # what a content network keeps a blob in


def content(change, **headers):
    """The answer as if change(blob) were the blob."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply_blob(change(handler.blob()), fields)


def flipped(position):
    """One bit of the blob is wrong."""
    def flip(blob):
        copy = bytearray(blob)
        copy[position] ^= 1
        return copy
    return content(flip)


def partly(keep, end):
    """Promises the whole answer, sends what is left of keep(first byte, size) of it, and then end(handler, rest)."""
    def action(handler):
        code, headers, body = handler.blob_answer(handler.blob())
        handler.begin(code, {"Content-Length": str(len(body)), **headers})
        first = handler.request_seen.range[0] if handler.request_seen.range else 0
        count = min(max(keep(first, len(body)), 0), len(body))
        handler.send(body[:count])
        handler.wfile.flush()
        end(handler, body[count:])
    return action


def truncated(keep):
    """Sends 'keep' bytes of the answer and hangs up."""
    return partly(lambda first, size: keep, lambda handler, rest: handler.hang_up())


def reset(keep):
    """Sends 'keep' bytes of the answer, then the connection breaks."""
    return partly(lambda first, size: keep, lambda handler, rest: handler.reset())


def cut_at_multiples(step=EDGE_CHUNK):
    """Sends up to the next multiple of 'step' in the blob and hangs up, unless the answer ends before."""
    def end(handler, rest):
        if rest:
            handler.hang_up()
    return partly(lambda first, size: step - first % step, end)


def stalled(keep, event, seconds=60):
    """Sends 'keep' bytes of the answer, then nothing until the event is set; then the rest."""
    def end(handler, rest):
        event.wait(seconds)
        handler.send(rest)
    return partly(lambda first, size: keep, end)


def false_length(difference):
    """Content-Length is off by so much; then the connection is closed."""
    def action(handler):
        code, headers, body = handler.blob_answer(handler.blob())
        handler.begin(code, {**headers, "Content-Length": str(len(body) + difference), "Connection": "close"})
        handler.send(body)
        handler.hang_up()
    return action


def chunked(end=True):
    """The answer in chunked coding, without Content-Length; with or without the chunk that ends it."""
    def action(handler):
        code, headers, body = handler.blob_answer(handler.blob())
        handler.begin(code, {**headers, "Transfer-Encoding": "chunked"})
        for start in range(0, len(body), 10_000):
            piece = body[start:start + 10_000]
            handler.wfile.write(b"%x\r\n" % len(piece))
            handler.send(piece)
            handler.wfile.write(b"\r\n")
        if end:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.hang_up()
    return action


def endless(handler):
    """A body without Content-Length and without end."""
    handler.begin(200, {"Connection": "close"})
    handler.close_connection = True
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        handler.send(b"x" * 65536)
