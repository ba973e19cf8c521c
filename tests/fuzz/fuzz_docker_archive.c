/* SPDX-License-Identifier: MIT */
/* Any bytes are loaded as an image archive or refused. What is refused leaves nothing in the store,
 * and what is loaded can be read back from it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/os.h"
#include "registry/archive_load.h"
#include "registry/image.h"

#define INPUT_MAXIMUM ((size_t)1 << 20)

struct input {
    const uint8_t *data;
    size_t left;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* In small pieces, as a pipe may give them. */
static bool read_input(void *user, void *data, size_t capacity, size_t *ret_length,
                       struct error *err)
{
    struct input *input = user;
    size_t length = input->left < 1000 ? input->left : 1000;
    (void)err;
    require(capacity >= length);
    if (length > 0)
        memcpy(data, input->data, length);
    input->data += length;
    input->left -= length;
    *ret_length = length;
    return true;
}

/* Stands for a decompression that proves nothing. */
static bool diff_id(void *user, const char *path, struct digest *ret, struct error *err)
{
    (void)user;
    (void)err;
    require(fs_type_of(path) == FS_FILE);
    *ret = digest_of("", 0);
    return true;
}

static size_t count_of(const struct blob_store *store, const char *folder)
{
    CLEANUP(str_free) char *path = fs_join(store->root, folder);
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(error_clear) struct error err = {0};
    require(fs_list(path, &names, &err));
    return names.count;
}

static void read_back(const struct blob_store *store, const struct loaded_list *loaded)
{
    require(loaded->count > 0);
    for (size_t i = 0; i < loaded->count; i++) {
        CLEANUP(image_clear) struct image image = {0};
        CLEANUP(error_clear) struct error err = {0};
        require(image_open(store, &loaded->items[i].name, &image, &err));
    }
}

static void load(const struct blob_store *store, const struct archive_source *source)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(loaded_list_clear) struct loaded_list loaded = {0};
    const struct load_request request = {
        .source = source,
        .choice = {.host = {.architecture = "amd64"}, .inflater = {diff_id, NULL}},
    };
    if (archive_load(&request, store, NULL, &loaded, &err))
        read_back(store, &loaded);
    else
        require(count_of(store, "refs") == 0 && count_of(store, "blobs/sha256") == 0);
    require(count_of(store, "ingest") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(str_free) char *root = str_format("fuzz-store-%u", (unsigned)os_process_id());
    struct input input = {data, size < INPUT_MAXIMUM ? size : INPUT_MAXIMUM};
    const struct archive_source source = {read_input, &input};
    require(blob_store_open(root, &store, &err));
    load(&store, &source);
    require(fs_remove_tree(root, &err));
    return 0;
}
