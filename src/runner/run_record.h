/* SPDX-License-Identifier: MIT */
/* run_record: the journal of one run, <root>\runs\<run id>\run.json.
 *
 * HCS ends a container whose creator died, but nobody removes its mounted layer, endpoint and
 * namespace. So their ids are chosen by us and written down, flushed, before the first of them is
 * made; a lock that dies with its owner tells the next wrun which records are orphans. */
#pragma once

#include "base/digest.h"
#include "base/fs.h"
#include "base/strlist.h"
#include "runner/plan.h"

struct run_record {
    char *run_id;
    char *container_id;
    char *name;
    char *image;
    struct digest image_digest; /* unset in records of older versions */
    struct strlist layers;      /* names of the layers' directories, topmost first */
    char *scratch_directory;
    char *layer;      /* the named layer it works on, whose scratch that is; NULL = none */
    char *name_space; /* GUID text; NULL = no network */
    char *endpoint;
    uint64_t process_id;
    bool keep; /* the writable layer stays after the end */
    bool done; /* the run has ended; only a kept layer is left of it */
};

/* A record whose lock is ours. */
struct run_claim {
    char *directory;
    struct fs_lock lock;
};

/* Claims the name and the run id, writes the record and takes its lock, which is held until
 * run_record_close(). ERR_BUSY when another run has that name or id. */
bool run_record_create(const char *root, const struct run_plan *plan, struct run_claim *ret,
                       struct error *err) MUST_USE;
/* Marks the run as ended with its layer kept. */
bool run_record_finish(const struct run_claim *claim, struct error *err) MUST_USE;
/* The kept layer is about to be used again: should this process die, the sweep ends what it has
 * begun. run_record_finish() ends this. */
bool run_record_resume(const struct run_claim *claim, struct error *err) MUST_USE;
/* Removes the record; the lock goes with it. */
bool run_record_remove(const char *root, struct run_claim *claim, struct error *err) MUST_USE;
/* Gives up the lock, keeps the record for the sweep. */
void run_record_close(struct run_claim *claim);

/* Run ids on disk. */
bool run_record_list(const char *root, struct strlist *ret, struct error *err) MUST_USE;
/* ERR_NOT_FOUND when there is none. */
bool run_record_read(const char *root, const char *run_id, struct run_record *ret,
                     struct error *err) MUST_USE;

struct run_record_list {
    struct run_record *items;
    size_t count;
    size_t unreadable; /* runs whose record does not say what they use */
};

/* All of them, whether their owners live or not. */
bool run_record_read_all(const char *root, struct run_record_list *ret, struct error *err) MUST_USE;
/* The run that works on the named layer, or NULL. */
struct run_record *run_record_list_find_layer(const struct run_record_list *list,
                                              const char *layer);
void run_record_list_clear(struct run_record_list *list);

/* By name, run id or container id, regardless of case; unreadable records are passed over.
 * ERR_NOT_FOUND when there is none. */
bool run_record_find(const char *root, const char *name, struct run_record *ret, struct error *err)
    MUST_USE;
/* Takes over an orphan: ERR_BUSY when its owner lives. *ret is empty when the owner was killed
 * before it had made anything. */
bool run_record_adopt(const char *root, const char *run_id, struct run_claim *ret_claim,
                      struct run_record *ret, struct error *err) MUST_USE;
void run_record_clear(struct run_record *record);
