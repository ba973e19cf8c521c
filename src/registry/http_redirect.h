/* SPDX-License-Identifier: MIT */
/* http_redirect: where a registry may send its client on to. */
#pragma once

#include "registry/http_address.h"
#include "registry/origin.h"

/* 301, 302, 303, 307 and 308. */
bool http_redirect_is(long status);

/* 'redirects' have been followed before. ERR_NETWORK on the 11th, on a target that is no http or
 * https URL, and on one in http where 'from' is in https. */
bool http_redirect_check(const char *from, const char *target, unsigned redirects,
                         struct error *err) MUST_USE;

/* Refuses an address that whoever is at 'from' must not send its client to. */
bool http_redirect_check_address(enum http_scope from, const uint8_t address[16],
                                 const struct origin *target, struct error *err) MUST_USE;

/* The same for a host that is written as an address; a name passes. */
bool http_redirect_check_host(enum http_scope from, const struct origin *target, struct error *err)
    MUST_USE;
