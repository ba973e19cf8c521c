/* SPDX-License-Identifier: MIT */
/* pull: an image from its registry into a store.
 *
 *     reference -> index -> the entry for this host -> manifest -> configuration -> layers ->
 * record
 *
 * Whether the image fits the host is settled before any layer is fetched. Nothing that is in the
 * store already is fetched again; a reference by digest that is complete needs no network at all.
 */
#pragma once

#include "base/event.h"
#include "registry/blob_feed.h"
#include "registry/credentials.h"
#include "registry/description.h"
#include "registry/image.h"
#include "registry/platform.h"
#include "registry/reference.h"

struct pull_request {
    struct reference reference;
    struct platform_host host;
    bool plain_http; /* loopback registries use plain http in any case, unless the port is 443 */
    bool insecure;   /* the registry's certificate is not checked */
    bool no_revoke;  /* nor whether certificates have been revoked */
    const char *ca_file;                   /* PEM file that replaces the system's roots, or NULL */
    const char *hosts_dir;                 /* see registry/hosts_dir.h; or NULL */
    const struct strlist *mirrors;         /* "HOST=URL"; borrowed, or NULL */
    const struct credentials *credentials; /* NULL = anonymous */
    unsigned max_downloads;                /* connections; 0 = BLOB_FETCH_CONNECTIONS */
    bool unrecorded;       /* the reference goes on standing for what it stood for */
    bool description_only; /* manifest and configuration: no layers, and the reference is not
                              recorded */
    /* Works on the layers while they are fetched, on a thread of its own; NULL = nobody does. It
     * starts when the configuration is known and fits the host, also when nothing is to be
     * fetched, and reads through registry/blob_reader.h. The pull waits for it. When it fails, the
     * fetching is stopped and its error is the pull's; when the fetching fails, its reads fail,
     * and its own error is dropped. Not called with description_only. */
    bool (*consume)(void *user, const struct image *image, struct blob_feed *feed,
                    struct error *err);
    void *consumer; /* 'user' */
    /* The consumer has made what it needs of this layer before: its blob is not fetched. NULL =
     * every blob is. 'user' as above. */
    bool (*has_layer)(void *user, const struct image *image, size_t layer);
};

/* ERR_NOT_FOUND, ERR_AUTH and ERR_NETWORK speak of the registry, ERR_MISMATCH of the host,
 * ERR_INTEGRITY and ERR_UNSUPPORTED of the image. On failure the reference still stands for what it
 * stood for before; blobs that were complete stay in the store. */
bool registry_pull(const struct pull_request *request, struct blob_store *store,
                   const struct context *context, struct image *ret, struct error *err) MUST_USE;

/* Reads index, manifest and configuration only, whatever the store has of the reference. That
 * nothing in an index fits the host is no failure, nor is it one of an image that stands alone. */
bool registry_describe(const struct pull_request *request, struct blob_store *store,
                       const struct context *context, struct description *ret, struct error *err)
    MUST_USE;
