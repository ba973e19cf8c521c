/* SPDX-License-Identifier: MIT */
/* image_source: from a reference to an image that is ready to run.
 *
 * The options are those that pull and run share. The host's platform comes from Windows itself
 * (runner/host.h); the native build takes it from --platform. */
#pragma once

#include "registry/blob_store.h"
#include "registry/image.h"
#include "registry/platform.h"
#include "registry/store_lock.h"
#include "runner/invocation.h"

struct image_options {
    char *platform;
    char *ca_file;
    char *auth_file;
    bool plain_http;
};

/* The rows of the options above, for a struct that holds 'image_options' at 'offset'. */
#define IMAGE_OPTION_ROWS(type, member)                                                            \
    {"platform",          0,                                                                       \
     "OS/ARCH[:VERSION]", "Choose the image for this platform instead of the host's",              \
     cli_set_string,      offsetof(type, member.platform)},                                        \
        {"cacert",       0,                                                                        \
         "FILE",         "Trust the certificates in this PEM file",                                \
         cli_set_string, offsetof(type, member.ca_file)},                                          \
        {"authfile",     0,                                                                        \
         "FILE",         "Take credentials from this file (WRUN_AUTH_FILE)",                       \
         cli_set_string, offsetof(type, member.auth_file)},                                        \
    {                                                                                              \
        "plain-http", 0, NULL, "Talk to the registry without TLS", cli_set_flag,                   \
            offsetof(type, member.plain_http)                                                      \
    }

enum pull_depth {
    PULL_DESCRIPTION, /* manifest and config only: enough for a plan */
    PULL_BLOBS,       /* all content, as it comes; nothing is unpacked or checked */
    PULL_EVERYTHING,  /* and the layers are unpacked (natively: checked) behind the download */
};

/* Keeps what is in the store from being removed, until it is recorded who needs it. */
bool image_store_share(const struct invocation *invocation, struct store_lock *ret,
                       struct error *err) MUST_USE;

/* ERR_USAGE when an option makes no sense. */
bool image_options_check(const struct image_options *options, struct error *err) MUST_USE;

/* The host's platform, or the one that 'text' (--platform; NULL = none) says. */
bool image_find_platform(const char *text, struct platform_host *ret, struct error *err) MUST_USE;

/* The image as the store has it, without asking the registry. ERR_NOT_FOUND when it is not there or
 * not whole (each layer must be unpacked or have its blob), ERR_MISMATCH when it is for another
 * platform. */
bool image_find(const struct invocation *invocation, const struct image_options *options,
                const struct reference *reference, struct image *ret, struct error *err) MUST_USE;

/* Resolves the reference at its registry, fetches what the store lacks, and with PULL_EVERYTHING
 * adds the layers' directories to *ret_layers, topmost first. A blob that proves to have been
 * damaged in the store is fetched again. */
bool image_pull(const struct invocation *invocation, const struct image_options *options,
                const struct reference *reference, enum pull_depth depth, struct image *ret,
                struct strlist *ret_layers, struct error *err) MUST_USE;

void image_options_clear(struct image_options *options);
