/* SPDX-License-Identifier: MIT */
/* reference: the name of an image, normalised the way Docker does it
 * (distribution/reference: the grammar of regexp.go, the rules of normalize.go).
 *
 *     nanoserver                 docker.io/library/nanoserver:latest
 *     a/b:1                      docker.io/a/b:1
 *     localhost:5000/a@sha256:…  localhost:5000/a@sha256:…
 *     host/a:1@sha256:…          host/a@sha256:…   (the digest decides; the tag would only mislead)
 *
 * A struct reference can only be made by reference_parse(), so one that is filled is valid. */
#pragma once

#include "base/digest.h"
#include "base/error.h"

struct reference {
    char *domain;         /* host[:port]; "docker.io" for Docker Hub */
    char *path;           /* repository, at most 255 bytes */
    char *tag;            /* NULL when a digest is given */
    struct digest digest; /* unset when a tag is given */
};

/* ERR_USAGE, with the part that is wrong, on anything outside the grammar. */
bool reference_parse(const char *text, struct reference *ret, struct error *err) MUST_USE;
void reference_clear(struct reference *reference);

/* The canonical text; the caller owns it. */
char *reference_format(const struct reference *reference);

struct reference reference_copy(const struct reference *reference);

/* True for localhost, 127.0.0.0/8 and [::1], with or without a port. */
bool reference_domain_is_loopback(const char *domain);
