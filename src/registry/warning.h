/* SPDX-License-Identifier: MIT */
/* warning: what a registry wants its users to be told, by the header "Warning: 299 - \"text\""
 * (OCI distribution-spec, "Warnings"; RFC 7234 section 5.5). Nothing else follows from it. */
#pragma once

#include "base/event.h"
#include "base/strlist.h"

/* Adds the texts of all values of one header line that have the code 299. Values that are malformed
 * end the reading. */
void warning_parse(const char *header, struct strlist *ret);

/* What has been told already: each text once, and 4096 bytes of them altogether. */
struct warnings {
    struct strlist told;
    size_t bytes;
};

/* 'host' is who says it. */
void warnings_tell(struct warnings *warnings, const struct context *context, const char *host,
                   const char *header);
void warnings_clear(struct warnings *warnings);
