/* SPDX-License-Identifier: MIT */
/* docker_archive: "manifest.json", the list of images in what 'docker save' writes
 * (moby, daemon/internal/image/tarexport).
 *
 *     [{"Config":"<hex>.json","RepoTags":["r:t"],"Layers":["<id>/layer.tar", ...]}]
 */
#pragma once

#include "base/buf.h"
#include "registry/descriptor.h"

struct docker_image {
    char *config;          /* name of a member */
    struct strlist tags;   /* as written */
    struct strlist layers; /* names of members, lowest first */
};

struct docker_archive {
    struct docker_image *items;
    size_t count;
};

bool docker_archive_parse(const struct buf *text, struct docker_archive *ret, struct error *err)
    MUST_USE;
void docker_archive_clear(struct docker_archive *archive);
/* Owned by the caller. */
bool docker_archive_compose(const struct docker_archive *archive, char **ret, struct error *err)
    MUST_USE;

#define DOCKER_MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_CONFIG_TYPE "application/vnd.docker.container.image.v1+json"
#define DOCKER_LAYER_TYPE "application/vnd.docker.image.rootfs.diff.tar"
