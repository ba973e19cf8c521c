/* SPDX-License-Identifier: MIT */
/* http_setup: the options of one request to one origin, as libcurl wants them. */
#pragma once

#include "registry/http_transfer.h"

/* Fills transfer->easy and transfer->headers for a request to 'hop', which is where current_url
 * points. The callbacks for content are left to the caller. */
bool http_setup(struct transfer *transfer, const struct origin *hop, struct error *err) MUST_USE;
