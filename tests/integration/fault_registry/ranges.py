# SPDX-License-Identifier: MIT
"""Parts of content that are not the parts asked for. Requests without a range pass."""


def ranged(function):
    def action(handler):
        if not handler.request_seen.range:
            return False
        first, last = handler.request_seen.range
        return function(handler, handler.blob(), first, last)
    return action


def part(handler, blob, first, last, label, **headers):
    body = memoryview(blob)[first:last + 1]
    fields = {"Content-Type": "application/octet-stream", **headers}
    if label:
        fields["Content-Range"] = label
    handler.reply(206, body, fields)


@ranged
def ranges_ignored(handler, blob, first, last):
    """200 and everything, as a cache answers that has not the blob yet."""
    handler.reply(200, blob, {"Content-Type": "application/octet-stream"})


def from_elsewhere(shift):
    """A part that begins 'shift' bytes later (or earlier), as Content-Range says."""
    def answer(handler, blob, first, last):
        start = min(max(first + shift, 0), len(blob) - 1)
        end = min(start + last - first, len(blob) - 1)
        part(handler, blob, start, end, f"bytes {start}-{end}/{len(blob)}")
    return ranged(answer)


@ranged
def under_false_name(handler, blob, first, last):
    """Other bytes, as many as were asked for, and a Content-Range that says that they are the right ones."""
    start = (first + 4096) % (len(blob) - (last - first))
    handler.reply(206, memoryview(blob)[start:start + last - first + 1], {"Content-Range": f"bytes {first}-{last}/{len(blob)}"})


def short_range(size):
    """Only the first so many bytes of the part, as Content-Range says."""
    def answer(handler, blob, first, last):
        end = min(first + size - 1, last)
        part(handler, blob, first, end, f"bytes {first}-{end}/{len(blob)}")
    return ranged(answer)


def wrong_total(difference):
    """The right part, of a blob of another size."""
    return ranged(lambda handler, blob, first, last:
                  part(handler, blob, first, last, f"bytes {first}-{last}/{len(blob) + difference}"))


def unlabelled_range(label=None):
    """206 without Content-Range, or with a malformed one; the part is right."""
    return ranged(lambda handler, blob, first, last: part(handler, blob, first, last, label))


@ranged
def refused_range(handler, blob, first, last):
    """416 as Debian's docker-registry says it: its Content-Length promises more than comes."""
    body = b'{"errors":[{"code":"RANGE_INVALID"}]}'
    handler.begin(416, {"Content-Type": "application/json", "Content-Range": f"bytes */{len(blob)}",
                        "Content-Length": str(len(body) + 300)})
    handler.send(body)
    handler.hang_up()


@ranged
def multipart(handler, blob, first, last):
    """The part wrapped in a body of several parts."""
    body = (b"--edge\r\nContent-Type: application/octet-stream\r\n"
            + f"Content-Range: bytes {first}-{last}/{len(blob)}\r\n\r\n".encode()
            + bytes(memoryview(blob)[first:last + 1]) + b"\r\n--edge--\r\n")
    handler.reply(206, body, {"Content-Type": "multipart/byteranges; boundary=edge"})
