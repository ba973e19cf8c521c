# SPDX-License-Identifier: MIT
"""A registry that misbehaves on request.

It serves what put_*() gave it, whole or by ranges, and writes down every request and how much of the
answer was really sent. A fault is a function that is asked before the ordinary answer; it answers by
itself, or returns False to let the request pass:

    registry.fault("/blobs/", faults.status(500), times=1)

    access    Basic and token services
    server    the registry, its content, its record of requests
    answers   other answers than expected: statuses, redirects
    bodies    content that is cut, late, wrong, or encoded
    ranges    parts of content that are not the parts asked for
"""
from fault_registry.access import BasicAccess, TokenAccess, basic  # noqa: F401
from fault_registry.answers import after, at_once, error, redirect, status  # noqa: F401
from fault_registry.bodies import (chunked, content, cut_at_multiples, endless, false_length, flipped, reset,  # noqa: F401
                                   stalled, truncated)
from fault_registry.ranges import (from_elsewhere, multipart, ranges_ignored, refused_range, short_range,  # noqa: F401
                                   under_false_name, unlabelled_range, wrong_total)
from fault_registry.server import FaultRegistry, Handler, Request  # noqa: F401
