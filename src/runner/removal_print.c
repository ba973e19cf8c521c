/* SPDX-License-Identifier: MIT */
#include "runner/removal_print.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "runner/size_text.h"
#include "runner/terminal.h"

#define BLOBS "blobs/sha256/"
#define INGEST "ingest/"

/* The name that people know a removed file by; NULL for what only wrun knows, such as locks. */
static char *name_of(const struct garbage_file *file)
{
    if (str_starts_with(file->path, BLOBS))
        return str_format("sha256:%s", file->path + strlen(BLOBS));
    return str_starts_with(file->path, INGEST) ? xstrdup(file->path) : NULL;
}

static uint64_t total_of(const struct removal *removal)
{
    return removal->cleanup.files.size + removal->cleanup.layer_bytes;
}

static char *compose_text(const struct removal *removal)
{
    const char *untagged = removal->dry_run ? "Would untag" : "Untagged";
    const char *deleted = removal->dry_run ? "Would delete" : "Deleted";
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < removal->untagged.count; i++)
        buf_addf(&text, "%s: %s\n", untagged, removal->untagged.items[i]);
    for (size_t i = 0; i < removal->cleanup.layers.count; i++)
        buf_addf(&text, "%s: layer %s\n", deleted, removal->cleanup.layers.items[i]);
    for (size_t i = 0; i < removal->cleanup.files.count; i++) {
        CLEANUP(str_free) char *name = name_of(&removal->cleanup.files.items[i]);
        if (name)
            buf_addf(&text, "%s: %s\n", deleted, name);
    }
    if (removal->with_total) {
        CLEANUP(str_free) char *size = size_text(total_of(removal));
        buf_addf(&text, "%s: %s\n", removal->dry_run ? "Would reclaim" : "Total reclaimed space",
                 size);
    }
    return xstrdup(buf_str(&text));
}

static void put_files(struct json_writer *w, const struct garbage *files)
{
    for (size_t i = 0; i < files->count; i++) {
        CLEANUP(str_free) char *name = name_of(&files->items[i]);
        if (!name)
            continue;
        JSON_OBJECT(w, NULL) {
            json_string(w, str_starts_with(name, "sha256:") ? "blob" : "partial", name);
            json_uint(w, "size", files->items[i].size);
        }
    }
}

static bool compose_json(const struct removal *removal, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_opt_bool(&w, "dryRun", removal->dry_run);
        JSON_ARRAY(&w, "untagged") {
            for (size_t i = 0; i < removal->untagged.count; i++)
                json_string(&w, NULL, removal->untagged.items[i]);
        }
        JSON_ARRAY(&w, "deleted") {
            for (size_t i = 0; i < removal->cleanup.layers.count; i++)
                JSON_OBJECT(&w, NULL)
                    json_string(&w, "layer", removal->cleanup.layers.items[i]);
            put_files(&w, &removal->cleanup.files);
        }
        json_uint(&w, "reclaimed", total_of(removal));
    }
    return json_writer_finish_line(&w, ret, err);
}

bool removal_print(const struct removal *removal, struct error *err)
{
    const struct global_options *global = &removal->invocation->global;
    CLEANUP(str_free) char *text = NULL;
    if (global->json) {
        if (!compose_json(removal, &text, err))
            return false;
    } else if (global->quiet) {
        return true;
    } else {
        text = compose_text(removal);
    }
    return terminal_result(text, err);
}
