/* SPDX-License-Identifier: MIT */
/* Whatever a layer says, the tree it is unpacked to is used as layer_tree.h demands (memory_tree
 * aborts otherwise), nothing lies outside the roots, and the result can be applied.
 *
 * The input describes an archive: a byte of options, then entries of type, name, target, number of
 * records, keys and values, number of bytes, bytes; strings end with a NUL. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/memory_tree.h"
#include "../unit/tar_build.h"
#include "layers/sddl.h"
#include "layers/unpack.h"
#include "layers/utility_vm.h"

struct input {
    const char *at;
    const char *end;
};

static unsigned take_byte(struct input *input)
{
    return input->at < input->end ? (unsigned char)*input->at++ : 0;
}

static const char *take_text(struct input *input)
{
    const char *text = input->at;
    if (text >= input->end)
        return "";
    input->at += strlen(text) + 1;
    return text;
}

static void add_entry(struct buf *archive, struct input *input)
{
    struct tar_build_entry entry = {.type = (char)take_byte(input)};
    entry.name = take_text(input);
    entry.target = take_text(input);
    unsigned records = take_byte(input) % TAR_BUILD_MAXIMUM_RECORDS;
    for (unsigned i = 0; i < records; i++) {
        entry.records[i][0] = take_text(input);
        entry.records[i][1] = take_text(input);
    }
    unsigned length = take_byte(input);
    size_t left = input->at < input->end ? (size_t)(input->end - input->at) : 0;
    entry.length = length < left ? length : left;
    entry.data = entry.length ? input->at : "";
    tar_build_add(archive, &entry);
    input->at += entry.length;
}

static bool security_from_sddl(const char *sddl, struct buf *ret, struct error *err)
{
    memory_require(sddl_check(sddl, strlen(sddl), err), "a text that was not checked");
    return buf_append(ret, sddl, strlen(sddl), err);
}

static void check_tree(const struct memory_tree *tree)
{
    memory_require(tree->open_handles == 0, "left open");
    for (size_t i = 0; i < tree->count; i++) {
        const char *path = tree->nodes[i]->path;
        memory_require(str_starts_with(path, "Files") || str_starts_with(path, "Hives")
                           || str_starts_with(path, "UtilityVM"),
                       "outside of the roots");
        memory_require(!strstr(path, "..\\") && !strchr(path, ':') && !strchr(path, '/'),
                       "a dangerous path");
    }
}

/* Something for links and for directories that the layer does not mention. */
static void fill_parent(const struct layer_tree *parent)
{
    static const struct {
        const char *name;
        bool is_directory;
    } objects[] = {
        {"Files", true},           {"Files/d", true},           {"Files/d/d", true},
        {"Files/d/d/f", false},    {"Files/f", false},          {"UtilityVM", true},
        {"UtilityVM/Files", true}, {"UtilityVM/Files/d", true}, {"UtilityVM/Files/d/f", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        struct error err = {0};
        struct layer_handle handle = {0};
        struct layer_path path = {0};
        bool made = layer_path_parse(objects[i].name, &path, &err)
            && (objects[i].is_directory
                    ? parent->ops->make_directory(parent->self, &path, &handle, &err)
                    : parent->ops->create_file(parent->self, &path, 0, &handle, &err))
            && parent->ops->close(parent->self, &handle, &err);
        memory_require(made, "parent");
        layer_path_clear(&path);
    }
}

/* An archive in memory as a source. */
struct memory_source {
    const struct buf *archive;
    size_t at;
};

static bool read_memory(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct memory_source *memory = user;
    (void)err;
    size_t left = memory->archive->length - memory->at;
    *ret = left < length ? left : length;
    if (*ret > 0)
        memcpy(data, memory->archive->data + memory->at, *ret);
    memory->at += *ret;
    return true;
}

/* What layer_unpack() does, without its threads for decoding and hashing, which cost more than all
 * the rest. */
static bool unpack_directly(const struct buf *archive, const struct layer_unpack_request *request,
                            struct layer_unpack_result *ret, struct error *err)
{
    struct unpack_rules rules;
    unpack_rules_open(&rules, request);
    const struct tar_handler handler = {unpack_rules_entry, unpack_rules_data, &rules};
    struct tar_reader *reader = tar_reader_open(&handler);
    bool good = tar_reader_feed(reader, archive->data, archive->length, err)
        && tar_reader_finish(reader, err) && unpack_rules_end(&rules, err)
        && unpack_rules_settle(&rules, err)
        && rules.writer.ops->finish(rules.writer.self, &rules.result, err)
        && utility_vm_inherit(&rules, err);
    if (good)
        *ret = TAKE(rules.result);
    tar_reader_close(&reader);
    unpack_rules_close(&rules);
    return good;
}

static void unpack(const struct buf *archive, unsigned options)
{
    struct error err = {0};
    struct memory_tree memory, layer_memory, parent_memory;
    struct memory_source blob = {.archive = archive};
    const struct byte_source source = {.read = read_memory, .user = &blob, .size = archive->length};
    const struct layer_tree tree = memory_tree_open(&memory);
    const struct layer_tree layer = memory_tree_open(&layer_memory);
    const struct layer_tree parent = memory_tree_open(&parent_memory);
    fill_parent(&parent);
    struct layer_unpack_result result = {0};
    const struct layer_unpack_request request = {
        .source = &source,
        .diff_id = digest_of(archive->data, archive->length),
        .kind = options & 1 ? LAYER_BASE : LAYER_DIFF,
        .tree = &tree,
        .parents = &parent,
        .parent_count = 1,
        .with_utility_vm = options & 2,
        .utility_vm = options & 2 ? &layer : NULL,
        .security_from_sddl = options & 4 ? security_from_sddl : NULL,
        .maximum_bytes = 1 << 20,
        .maximum_entries = 100,
    };
    bool good = (options & 0xF8) == 64 ? layer_unpack(&request, &result, NULL, &err)
                                       : unpack_directly(archive, &request, &result, &err);
    memory_require(good != error_is_set(&err), "result and error disagree");
    check_tree(&memory);
    check_tree(&layer_memory);
    error_clear(&err);
    if (good && request.kind == LAYER_DIFF
        && !layer_unpack_apply(&result, options & 2 ? &layer : &tree, &parent, NULL, &err))
        error_clear(&err);
    memory_require(memory.open_handles == 0 && layer_memory.open_handles == 0, "left open");
    layer_unpack_result_clear(&result);
    memory_tree_close(&memory);
    memory_tree_close(&layer_memory);
    memory_tree_close(&parent_memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xcalloc(size + 1, 1);
    if (size > 0)
        memcpy(text, data, size);
    struct input input = {text, text + size};
    unsigned options = take_byte(&input);
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    while (input.at < input.end && archive.length < 64 * 1024)
        add_entry(&archive, &input);
    tar_build_end(&archive);
    unpack(&archive, options);
    return 0;
}
