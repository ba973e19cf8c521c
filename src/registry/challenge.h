/* SPDX-License-Identifier: MIT */
/* challenge: the WWW-Authenticate header of a 401 response (RFC 9110 section 11.6.1, and the way
 * registries use it). */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
    enum challenge_scheme scheme;
    char *realm;   /* URL of the token service, or a text for people */
    char *service; /* NULL when absent, as the rest */
    char *scope;
    char *error; /* as "insufficient_scope" (RFC 6750 section 3.1) */
};

/* The best challenge of all header lines: Bearer before Basic; a line may hold several. Without one
 * that wrun understands the scheme is CHALLENGE_NONE. ERR_NETWORK on a malformed line. */
bool challenge_parse(const struct strlist *lines, struct challenge *ret, struct error *err)
    MUST_USE;
void challenge_clear(struct challenge *challenge);
