/* SPDX-License-Identifier: MIT */
/* chain: names of layer stacks (OCI image-spec, config.md "Layer ChainID"). */
#pragma once

#include "base/digest.h"

/* With the NUL. */
#define LAYER_DIRECTORY_NAME_SIZE 33

/* The chain id of a layer put on the stack 'parent' (NULL or unset: it is the base layer). */
struct digest chain_id_next(const struct digest *parent, const struct digest *diff_id);

/* The chain id of the stack diff_ids[0..index], base layer first. */
struct digest chain_id_at(const struct digest *diff_ids, size_t index);

/* ret[i] = chain id of the stack diff_ids[0..i], base layer first. */
void chain_ids_of(const struct digest *diff_ids, size_t count, struct digest *ret);

/* The name of the layer's directory in the store: the first 32 hex digits of its chain id. Windows
 * derives a layer's GUID from this name, so a layer directory is never renamed. */
void layer_directory_name(const struct digest *chain_id, char text[LAYER_DIRECTORY_NAME_SIZE]);

/* The directory of that name in a store; the caller owns the result. */
char *layer_directory_path(const char *root, const char *name);
