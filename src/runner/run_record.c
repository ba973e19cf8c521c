/* SPDX-License-Identifier: MIT */
#include "runner/run_record.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/os.h"
#include "base/text.h"

#define RECORD_NAME "run.json"
#define LOCK_SUFFIX ".lock"
#define RECORD_MAXIMUM ((size_t)64 << 10) /* bytes */

/* Held while a run is claimed or adopted, so that nobody takes a record that is just being made for
 * an orphan. Never for longer. */
#define CLAIM_LOCK "claim" LOCK_SUFFIX

static char *runs_directory(const char *root)
{
    return fs_join(root, "runs");
}

static char *run_directory(const char *root, const char *run_id)
{
    CLEANUP(str_free) char *runs = runs_directory(root);
    return fs_join(runs, run_id);
}

/* The lock file stands beside the directory, so that the directory can be removed under the lock.
 */
static char *lock_path(const char *directory)
{
    return str_format("%s%s", directory, LOCK_SUFFIX);
}

static bool lock_claims(const char *root, struct fs_lock *ret, struct error *err)
{
    CLEANUP(str_free) char *runs = runs_directory(root);
    CLEANUP(str_free) char *path = fs_join(runs, CLAIM_LOCK);
    return fs_make_directories(runs, err) && fs_lock(path, FS_LOCK_EXCLUSIVE, true, NULL, ret, err);
}

/* ---- the document ---- */

static bool compose(const struct run_record *record, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_uint(&w, "version", 1);
        json_string(&w, "id", record->run_id);
        json_string(&w, "containerId", record->container_id);
        json_string(&w, "name", record->name);
        json_string(&w, "image", record->image);
        json_opt_string(&w, "imageDigest", record->image_digest.text);
        JSON_ARRAY(&w, "layers") {
            for (size_t i = 0; i < record->layers.count; i++)
                json_string(&w, NULL, record->layers.items[i]);
        }
        json_string(&w, "scratch", record->scratch_directory);
        json_opt_string(&w, "layer", record->layer);
        json_opt_string(&w, "namespaceId", record->name_space);
        json_opt_string(&w, "endpointId", record->endpoint);
        json_uint(&w, "processId", record->process_id);
        json_bool(&w, "keep", record->keep);
        json_bool(&w, "done", record->done);
    }
    return json_writer_finish(&w, ret, err);
}

static const struct json_field record_fields[] = {
    {"id", json_to_string, offsetof(struct run_record, run_id), JSON_REQUIRED},
    {"containerId", json_to_string, offsetof(struct run_record, container_id), JSON_REQUIRED},
    {"name", json_to_string, offsetof(struct run_record, name), JSON_REQUIRED},
    {"image", json_to_string, offsetof(struct run_record, image), JSON_OPTIONAL},
    {"imageDigest", json_to_digest, offsetof(struct run_record, image_digest), JSON_OPTIONAL},
    {"layers", json_to_strlist, offsetof(struct run_record, layers), JSON_OPTIONAL},
    {"scratch", json_to_string, offsetof(struct run_record, scratch_directory), JSON_REQUIRED},
    {"layer", json_to_string, offsetof(struct run_record, layer), JSON_OPTIONAL},
    {"namespaceId", json_to_string, offsetof(struct run_record, name_space), JSON_OPTIONAL},
    {"endpointId", json_to_string, offsetof(struct run_record, endpoint), JSON_OPTIONAL},
    {"processId", json_to_uint64, offsetof(struct run_record, process_id), JSON_OPTIONAL},
    {"keep", json_to_bool, offsetof(struct run_record, keep), JSON_OPTIONAL},
    {"done", json_to_bool, offsetof(struct run_record, done), JSON_OPTIONAL},
};

static bool read_record(const char *directory, struct run_record *ret, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, RECORD_NAME);
    CLEANUP(buf_clear) struct buf text = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    if (!fs_read_file(path, RECORD_MAXIMUM, &text, err))
        return false;
    if (!json_parse(buf_str(&text), text.length, &json_default_limits, &document, err)
        || !json_read_fields(document.root, record_fields, ARRAY_SIZE(record_fields), &record, err))
        return error_wrap(err, "'%s'", path);
    /* What a record names is removed, so names that are not those of its own run are refused. The
     * scratch of a named layer is not the run's to remove. */
    CLEANUP(str_free) char *container_id = str_format(RUN_CONTAINER_PREFIX "%s", record.run_id);
    if (strlen(record.run_id) != RUN_ID_LENGTH || !str_ends_with(directory, record.run_id)
        || !str_equal(record.container_id, container_id)
        || (!record.layer && !str_ends_with(record.scratch_directory, record.run_id)))
        return error_set(err, ERR_INTEGRITY, "'%s' is not the record of its run", path);
    *ret = TAKE(record);
    return true;
}

static bool write_record(const char *directory, const struct run_record *record, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, RECORD_NAME);
    CLEANUP(str_free) char *text = NULL;
    return compose(record, &text, err) && fs_write_file(path, text, strlen(text), err);
}

void run_record_clear(struct run_record *record)
{
    str_free(&record->run_id);
    str_free(&record->container_id);
    str_free(&record->name);
    str_free(&record->image);
    strlist_clear(&record->layers);
    str_free(&record->scratch_directory);
    str_free(&record->layer);
    str_free(&record->name_space);
    str_free(&record->endpoint);
    *record = (struct run_record){0};
}

/* ---- claiming ---- */

bool run_record_list(const char *root, struct strlist *ret, struct error *err)
{
    CLEANUP(str_free) char *runs = runs_directory(root);
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(runs, &names, err))
        return false;
    /* A run that was killed at its very beginning or end may have left its lock alone. */
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *id = xstrndup(names.items[i], strcspn(names.items[i], "."));
        if (!str_equal(names.items[i], CLAIM_LOCK) && !strlist_contains(ret, id))
            strlist_add(ret, id);
    }
    return true;
}

static bool answers_to(const struct run_record *record, const char *name)
{
    return str_equal_nocase(record->name, name) || str_equal_nocase(record->run_id, name)
        || str_equal_nocase(record->container_id, name);
}

bool run_record_find(const char *root, const char *name, struct run_record *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist ids = {0};
    if (!run_record_list(root, &ids, err))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        CLEANUP(run_record_clear) struct run_record record = {0};
        CLEANUP(error_clear) struct error unreadable = {0}; /* the sweep tells of it */
        if (!run_record_read(root, ids.items[i], &record, &unreadable)
            || !answers_to(&record, name))
            continue;
        *ret = TAKE(record);
        return true;
    }
    error_set(err, ERR_NOT_FOUND, "there is no run named '%s'", name);
    return error_hint(err, "'wrun layer ls --all' lists the runs that were kept");
}

static bool check_name_is_free(const char *root, const char *name, struct error *err)
{
    CLEANUP(run_record_clear) struct run_record record = {0};
    CLEANUP(error_clear) struct error failure = {0};
    if (!run_record_find(root, name, &record, &failure)) {
        if (failure.kind == ERR_NOT_FOUND)
            return true;
        *err = TAKE(failure);
        return false;
    }
    error_set(err, ERR_BUSY, "a run named '%s' %s", name, record.done ? "was kept" : "exists");
    return record.done ? error_hint(err, "'wrun rm %s' removes it", name)
                       : error_hint(err, "choose another --name, or wait until it ends");
}

static struct run_record record_of(const struct run_plan *plan)
{
    char endpoint[GUID_TEXT_SIZE];
    guid_format(&plan->endpoint, endpoint);
    struct strlist layers = {0};
    for (size_t i = 0; i < plan->layers.count; i++)
        strlist_add(&layers, fs_name_of(plan->layers.items[i]));
    return (struct run_record){
        .run_id = xstrdup(plan->run_id),
        .container_id = xstrdup(plan->container_id),
        .name = xstrdup(plan->name),
        .image = xstrdup(plan->image),
        .image_digest = plan->image_digest,
        .layers = layers,
        .scratch_directory = xstrdup(plan->scratch_directory),
        .layer = plan->layer ? xstrdup(plan->layer) : NULL,
        .name_space = plan->use_network ? xstrdup(plan->name_space_text) : NULL,
        .endpoint = plan->use_network ? xstrdup(endpoint) : NULL,
        .process_id = os_process_id(),
        .keep = plan->keep,
    };
}

bool run_record_create(const char *root, const struct run_plan *plan, struct run_claim *ret,
                       struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock claims = {0};
    CLEANUP(run_record_close) struct run_claim claim = {.directory = xstrdup(plan->run_directory)};
    CLEANUP(str_free) char *lock = lock_path(plan->run_directory);
    CLEANUP(run_record_clear) struct run_record record = record_of(plan);
    if (!lock_claims(root, &claims, err) || !check_name_is_free(root, plan->name, err)
        || !fs_lock(lock, FS_LOCK_EXCLUSIVE, false, NULL, &claim.lock, err)
        || !fs_make_directories(plan->run_directory, err)
        || !write_record(plan->run_directory, &record, err))
        return error_wrap(err, "record the run");
    *ret = TAKE(claim);
    return true;
}

static bool set_done(const struct run_claim *claim, bool done, struct error *err)
{
    CLEANUP(run_record_clear) struct run_record record = {0};
    if (!read_record(claim->directory, &record, err))
        return false;
    record.done = done;
    return write_record(claim->directory, &record, err);
}

bool run_record_finish(const struct run_claim *claim, struct error *err)
{
    return set_done(claim, true, err);
}

bool run_record_resume(const struct run_claim *claim, struct error *err)
{
    return set_done(claim, false, err);
}

bool run_record_remove(const char *root, struct run_claim *claim, struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock claims = {0};
    CLEANUP(str_free) char *lock = lock_path(claim->directory);
    if (!lock_claims(root, &claims, err) || !fs_remove_tree(claim->directory, err))
        return false;
    /* Nobody takes the lock meanwhile: that needs the claim lock, which is ours. */
    run_record_close(claim);
    return fs_remove_file(lock, err);
}

void run_record_close(struct run_claim *claim)
{
    fs_unlock(&claim->lock);
    str_free(&claim->directory);
    *claim = (struct run_claim){0};
}

bool run_record_read(const char *root, const char *run_id, struct run_record *ret,
                     struct error *err)
{
    CLEANUP(str_free) char *directory = run_directory(root, run_id);
    return read_record(directory, ret, err);
}

/* A run that has a lock and no record yet is just being made, or was killed before it had made
 * anything. */
static bool has_record(const char *root, const char *run_id)
{
    CLEANUP(str_free) char *directory = run_directory(root, run_id);
    CLEANUP(str_free) char *path = fs_join(directory, RECORD_NAME);
    return fs_type_of(path) != FS_ABSENT;
}

bool run_record_read_all(const char *root, struct run_record_list *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist ids = {0};
    if (!run_record_list(root, &ids, err))
        return false;
    struct run_record_list list = {.items = xcalloc(ids.count + 1, sizeof(*list.items))};
    for (size_t i = 0; i < ids.count; i++) {
        CLEANUP(error_clear) struct error unreadable = {0};
        if (run_record_read(root, ids.items[i], &list.items[list.count], &unreadable))
            list.count++;
        else if (has_record(root, ids.items[i]))
            list.unreadable++;
    }
    *ret = list;
    return true;
}

struct run_record *run_record_list_find_layer(const struct run_record_list *list, const char *layer)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].layer && str_equal_nocase(list->items[i].layer, layer))
            return &list->items[i];
    return NULL;
}

void run_record_list_clear(struct run_record_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        run_record_clear(&list->items[i]);
    mem_free(&list->items);
    *list = (struct run_record_list){0};
}

bool run_record_adopt(const char *root, const char *run_id, struct run_claim *ret_claim,
                      struct run_record *ret, struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock claims = {0};
    CLEANUP(run_record_close) struct run_claim claim = {.directory = run_directory(root, run_id)};
    CLEANUP(str_free) char *lock = lock_path(claim.directory);
    if (!lock_claims(root, &claims, err)
        || !fs_lock(lock, FS_LOCK_EXCLUSIVE, false, NULL, &claim.lock, err))
        return false;
    /* Killed before its record was written: nothing had been made yet. */
    CLEANUP(str_free) char *path = fs_join(claim.directory, RECORD_NAME);
    *ret = (struct run_record){0};
    if (fs_type_of(path) != FS_ABSENT && !read_record(claim.directory, ret, err))
        return false;
    *ret_claim = TAKE(claim);
    return true;
}
