/* SPDX-License-Identifier: MIT */
/* What layer_path_parse() accepts leads nowhere else and parses to itself. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "layers/layer_path.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_path(const struct layer_path *path)
{
    struct error err = {0};
    struct layer_path again = {0};
    require(!strstr(path->text, "..\\") && !strstr(path->text, "\\\\"));
    require(!strpbrk(path->text, "/:*?\"<>|\x1b\n"));
    require(layer_path_parse(path->text, &again, &err));
    require(!strcmp(path->text, again.text) && path->root == again.root);
    layer_path_clear(&again);

    struct layer_path at = layer_path_copy(path);
    struct layer_path parent = {0};
    while (layer_path_parent(&at, &parent)) {
        require(layer_path_parse(parent.text, &again, &err));
        layer_path_clear(&again);
        layer_path_clear(&at);
        at = TAKE(parent);
    }
    require(layer_path_is_root(&at));
    layer_path_clear(&at);

    struct layer_path metadata = layer_path_metadata_file(path);
    require(!layer_path_parse(metadata.text, &again, &err));
    layer_path_clear(&metadata);
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *name = xstrndup((const char *)data, size);
    struct error err = {0};
    struct layer_path path = {0};
    if (layer_path_parse(name, &path, &err))
        check_path(&path);
    layer_path_clear(&path);
    error_clear(&err);
    if (layer_stream_name_check(name, &err))
        require(!strpbrk(name, ":/\\") && name[0]);
    error_clear(&err);
    return 0;
}
