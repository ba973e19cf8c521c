/* SPDX-License-Identifier: MIT */
/* media_type: what a document or blob of a registry is (OCI image-spec media-types.md and Docker's
 * names for the same things). */
#pragma once

#include <stdbool.h>

enum media_kind {
    MEDIA_UNKNOWN,
    MEDIA_INDEX,
    MEDIA_MANIFEST,
    MEDIA_MANIFEST_SCHEMA1, /* refused, but recognised so that the message can say why */
    MEDIA_CONFIG,
    MEDIA_LAYER,
    MEDIA_FOREIGN_LAYER, /* a layer that its registry may lack; the descriptor has urls */
};

/* The value of "Accept" for a manifest. All four types are named, because a registry answers 404
 * for a Docker manifest list when it is asked for OCI types only. */
extern const char media_type_accept_manifest[];

/* Parameters after ';' and letter case are ignored; NULL is MEDIA_UNKNOWN. */
enum media_kind media_type_kind(const char *media_type);

/* True when both name the same type, parameters and case ignored. NULL equals nothing. */
bool media_type_equal(const char *a, const char *b);
