/* SPDX-License-Identifier: MIT */
/* archive_image: an image found in an archive, before it is in the store. */
#pragma once

#include "registry/archive_content.h"
#include "registry/image_config.h"
#include "registry/manifest.h"
#include "registry/reference.h"

/* What layers are compressed with is known above src/registry. */
struct archive_inflater {
    /* The digest of the uncompressed content of a file. */
    bool (*diff_id)(void *user, const char *path, struct digest *ret, struct error *err);
    void *user;
};

struct archive_image {
    struct reference *names;
    size_t name_count;
    char *label;                /* what the archive calls it when it has no name; or NULL */
    struct descriptor manifest; /* media type, digest and size */
    struct buf manifest_text;
    struct digest config;
    struct digest *layers; /* each has been found by archive_content_need() */
    size_t layer_count;
    struct digest index; /* that the manifest was chosen from; unset without one */
    struct image_config description;
};

struct archive_images {
    struct archive_image *items;
    size_t count;
};

struct archive_choice {
    struct platform_host host;
    bool is_strict; /* nothing but an image for this platform will do */
    struct archive_inflater inflater;
};

/* The images of an OCI layout: for each name the one that fits the host. Where there is only one to
 * choose from it is taken, whatever its Windows version, unless the choice is strict. */
bool archive_images_of_layout(struct archive_content *content, const struct archive_choice *choice,
                              struct archive_images *ret, struct error *err) MUST_USE;

/* The images of a manifest.json. Their layers are checked against the diff ids of the
 * configuration; the image manifest is composed. */
bool archive_images_of_docker(struct archive_content *content, const struct archive_choice *choice,
                              struct archive_images *ret, struct error *err) MUST_USE;

/* Judges the configuration. ERR_MISMATCH for another operating system, or when the choice is
 * strict; a Windows version that does not fit is a warning, as it can be run elsewhere. */
bool archive_image_check_platform(const struct archive_image *image,
                                  const struct archive_content *content,
                                  const struct archive_choice *choice, struct error *err) MUST_USE;

/* The media type of a layer by its first bytes: plain, gzip or zstd. Owned by the caller. */
bool archive_layer_type(const char *path, char **ret, struct error *err) MUST_USE;

void archive_image_add_name(struct archive_image *image, struct reference *take);
void archive_images_clear(struct archive_images *images);
