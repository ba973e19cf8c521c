/* SPDX-License-Identifier: MIT */
/* named_layer: what the user calls a layer by: a writable scratch, or the read-only layer that was
 * made of one.
 *
 *     <root>\names\<folded name>\layer.json    the record; there exactly while the name is taken
 *     <root>\names\<folded name>\config.json   a copy of the image configuration it descends from
 *     <root>\locks\name-<folded name>.lock     held by whoever works on it; dies with its process
 *     <root>\locks\names.lock                  held for the moment in which such a lock is taken or
 *                                              removed, so that looking disturbs nobody
 *
 * The record is written before what it names is made and removed after that is gone, so that a
 * killed process leaves nothing nameless. Reading takes no lock. */
#pragma once

#include "base/fs.h"
#include "base/json_read.h"
#include "base/strlist.h"

#define NAMED_LAYER_MAXIMUM_LENGTH 128

enum named_layer_state {
    NAMED_LAYER_NONE,       /* the name is free */
    NAMED_LAYER_PREPARING,  /* the scratch is being made */
    NAMED_LAYER_ACTIVE,     /* a writable scratch */
    NAMED_LAYER_COMMITTING, /* becomes 'layer'; still active until that is complete */
    NAMED_LAYER_IMPORTING,  /* 'layer' is being made from an archive; there is no scratch */
    NAMED_LAYER_COMMITTED,  /* a read-only layer */
    NAMED_LAYER_REMOVING,   /* on its way out: what it has goes, then the record */
};

struct named_layer {
    char *name; /* as the user wrote it when it was made */
    enum named_layer_state state;
    char *scratch;          /* folder in <root>\scratch, 32 hex; of a committed one, or one on its
                               way out, what is still to be removed; else NULL */
    char *layer;            /* folder in <root>\layers, 32 hex; NULL before it is committed */
    char *commit_as;        /* while committing: the name the layer will have; NULL = this one */
    struct strlist parents; /* folders in <root>\layers, topmost first; at least one */
    char *from;             /* what the user said it was made from */
    struct strlist labels;  /* "key=value", sorted, each key once */
    char *created;          /* RFC 3339 */
    char *last_used;        /* RFC 3339: made, run on, mounted, committed or built on */
    uint64_t storage_bytes; /* size of its disk; 0 = the default */
    bool mounted;           /* the scratch may be mounted; written before it is */
};

/* ERR_USAGE unless it is [A-Za-z0-9][A-Za-z0-9_.-]{0,127}, with no dot at the end and no name of a
 * DOS device. Names that differ only in case are the same name. */
bool named_layer_check_name(const char *name, struct error *err) MUST_USE;
/* What to say when there is none: ERR_NOT_FOUND with a hint. Returns false. */
bool named_layer_not_found(const char *name, struct error *err);
/* "active", "committed", ... */
const char *named_layer_state_name(enum named_layer_state state);

bool named_layer_compose(const struct named_layer *layer, char **ret, struct error *err) MUST_USE;
/* ERR_INTEGRITY. What it names is removed some day, so everything that could be a path is checked.
 * On success *ret is owned by the caller. */
bool named_layer_parse(const char *text, size_t length, struct named_layer *ret, struct error *err)
    MUST_USE;
struct named_layer named_layer_copy(const struct named_layer *layer);
void named_layer_clear(struct named_layer *layer);

/* Sets "key=value" ("key" alone: the value is empty), replacing what that key was. ERR_USAGE when
 * there is no key or a control character. */
bool named_layer_set_label(struct strlist *labels, const char *text, struct error *err) MUST_USE;
/* The value of a label, or NULL. */
const char *named_layer_label(const struct named_layer *layer, const char *key);

/* The directories of its parents, topmost first. */
void named_layer_parent_paths(const char *root, const struct named_layer *layer,
                              struct strlist *ret);
/* What a layer or scratch on top of this committed one stands on: itself and its parents. */
void named_layer_chain_paths(const char *root, const struct named_layer *layer,
                             struct strlist *ret);
/* The directory of its bytes: of the scratch, or of the layer once it is committed. Owned by the
 * caller. */
char *named_layer_path(const char *root, const struct named_layer *layer);

/* What a writable layer is to be. */
struct named_layer_request {
    const char *name;
    const char *from;
    const struct strlist *parents; /* layer directories, topmost first, at least one */
    const struct strlist *labels;  /* "key=value" */
    uint64_t storage_bytes;        /* 0 = the default */
    const char *config;            /* the image configuration, JSON text */
    size_t config_length;
    bool is_temporary; /* removed by the next wrun if this one does not do it */
};

/* ---- looking ---- */

/* ERR_NOT_FOUND when there is none of that name. */
bool named_layer_read(const char *root, const char *name, struct named_layer *ret,
                      struct error *err) MUST_USE;
/* The image configuration it descends from. */
bool named_layer_read_config(const char *root, const char *name, struct buf *ret, struct error *err)
    MUST_USE;

struct named_layer_list {
    struct named_layer *items; /* ordered by folded name */
    size_t count;
    struct strlist damaged; /* folded names whose record cannot be read */
};

bool named_layer_list_read(const char *root, struct named_layer_list *ret, struct error *err)
    MUST_USE;
void named_layer_list_clear(struct named_layer_list *list);
/* NULL when there is none. */
const struct named_layer *named_layer_list_find(const struct named_layer_list *list,
                                                const char *name);

/* True when some process works on it at this moment; false also when that cannot be told. */
bool named_layer_is_held(const char *root, const char *name);

/* ---- working on it ---- */

/* A name that is ours. */
struct named_layer_claim {
    char *root;
    char *directory; /* <root>\names\<folded name> */
    char *lock_path;
    struct fs_lock lock;
    struct named_layer layer; /* as it is on the disk; its state is NONE while the name is free */
};

/* Takes the name without waiting: ERR_BUSY when another process has it, ERR_USAGE when it is no
 * name, ERR_INTEGRITY when its record is damaged. */
bool named_layer_claim(const char *root, const char *name, struct named_layer_claim *ret,
                       struct error *err) MUST_USE;
/* The same; ERR_NOT_FOUND when the name is free. */
bool named_layer_open(const char *root, const char *name, struct named_layer_claim *ret,
                      struct error *err) MUST_USE;
/* Puts claim->layer on the disk, whole or not at all. */
bool named_layer_write(const struct named_layer_claim *claim, struct error *err) MUST_USE;
bool named_layer_write_config(const struct named_layer_claim *claim, const char *text,
                              size_t length, struct error *err) MUST_USE;
/* Sets last_used to now, on the disk with the next named_layer_write(). */
void named_layer_touch(struct named_layer *layer);
/* Removes the record and the configuration, and closes the claim: the name is free. */
bool named_layer_forget(struct named_layer_claim *claim, struct error *err) MUST_USE;
/* Sets last_used of a layer that is built or run on while nobody works on it; one that somebody has
 * at this moment is left alone, and so is one that cannot be written. */
void named_layer_note_use(const char *root, const char *name);
/* Removes the locks of names that are free, which killed processes and failed attempts leave. */
bool named_layer_sweep_locks(const char *root, struct error *err) MUST_USE;
/* Gives the name up. */
void named_layer_close(struct named_layer_claim *claim);
