/* SPDX-License-Identifier: MIT */
/* image: a pulled image, read from the store. */
#pragma once

#include "registry/blob_store.h"
#include "registry/image_config.h"
#include "registry/image_record.h"
#include "registry/manifest.h"
#include "registry/reference.h"

struct image {
    struct reference reference;
    struct digest digest; /* of the image manifest */
    struct manifest manifest;
    struct image_config config; /* as many diff_ids as the manifest has layers */
};

/* Needs no network. ERR_NOT_FOUND when the reference was not pulled or part of the image is gone,
 * so that pulling is the remedy; ERR_INTEGRITY when the stored manifest or configuration is
 * damaged. */
bool image_open(const struct blob_store *store, const struct reference *reference,
                struct image *ret, struct error *err) MUST_USE;
void image_clear(struct image *image);

/* The same without looking for the layers: an image can be run whose layers are unpacked while
 * their blobs are gone. */
bool image_read(const struct blob_store *store, const struct reference *reference,
                struct image *ret, struct error *err) MUST_USE;

/* The manifest that a record leads to. */
bool image_read_manifest(const struct blob_store *store, const struct image_record *record,
                         struct manifest *ret, struct error *err) MUST_USE;

/* The configuration of a manifest, from the store, checked against it. */
bool image_read_config(const struct blob_store *store, const struct manifest *manifest,
                       struct image_config *ret, struct error *err) MUST_USE;
