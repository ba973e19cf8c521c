/* SPDX-License-Identifier: MIT */
#include "layers/chain.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"

struct digest chain_id_next(const struct digest *parent, const struct digest *diff_id)
{
    if (!parent || !digest_is_set(parent))
        return *diff_id;
    CLEANUP(str_free) char *pair = str_format("%s %s", parent->text, diff_id->text);
    return digest_of(pair, strlen(pair));
}

struct digest chain_id_at(const struct digest *diff_ids, size_t index)
{
    struct digest chain = {0};
    for (size_t i = 0; i <= index; i++)
        chain = chain_id_next(&chain, &diff_ids[i]);
    return chain;
}

void chain_ids_of(const struct digest *diff_ids, size_t count, struct digest *ret)
{
    for (size_t i = 0; i < count; i++)
        ret[i] = chain_id_next(i > 0 ? &ret[i - 1] : NULL, &diff_ids[i]);
}

void layer_directory_name(const struct digest *chain_id, char text[LAYER_DIRECTORY_NAME_SIZE])
{
    memcpy(text, digest_hex(chain_id), LAYER_DIRECTORY_NAME_SIZE - 1);
    text[LAYER_DIRECTORY_NAME_SIZE - 1] = '\0';
}

char *layer_directory_path(const char *root, const char *name)
{
    CLEANUP(str_free) char *layers = fs_join(root, "layers");
    return fs_join(layers, name);
}
