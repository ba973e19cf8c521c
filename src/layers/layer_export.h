/* SPDX-License-Identifier: MIT */
/* layer_export: a directory to the tar of a layer, the way back of unpack.h.
 *
 * One pass reads, writes the tar, hashes it, compresses it and hashes that. Order and content of
 * the tar are those of hcsshim's exporter, so what it exports twice is the same twice. What our own
 * reader would refuse is refused here already, with the name of the file: ERR_UNSUPPORTED for what
 * a layer cannot hold (reparse points other than links, sparse streams, names that Windows programs
 * cannot use), ERR_INTEGRITY for what is malformed. */
#pragma once

#include "base/byte_sink.h"
#include "base/digest.h"
#include "base/event.h"
#include "layers/compress.h"
#include "layers/layer_folder.h"

enum layer_export_form {
    /* The folder that ExportLayer made: "Files", "Hives", "tombstones.txt". A diff layer. */
    LAYER_EXPORT_TRANSPORT = 1,
    /* The directory of a base layer, with its real files: "Files" and "UtilityVM\Files". */
    LAYER_EXPORT_BASE,
};

struct layer_export_request {
    const struct layer_folder *folder;
    enum layer_export_form form;
    enum compress_format compression;
    const struct byte_sink *sink; /* for the blob */
    const char *subject;          /* of the events, e.g. the layer's name */
};

struct layer_export_result {
    struct digest diff_id; /* of the tar */
    uint64_t tar_size;
    struct digest blob_digest; /* of what the sink has got */
    uint64_t blob_size;
    uint64_t entries; /* files, directories, links, deletions; no data streams */
};

/* Emits EVENT_EXPORT_STARTED, _PROGRESS (bytes of the tar; how many there will be is not known),
 * _DONE. The sink is written to on another thread, and left alone when this returns. When it fails,
 * what the sink has got is garbage. */
bool layer_export(const struct layer_export_request *request, struct layer_export_result *ret,
                  const struct context *context, struct error *err) MUST_USE;

enum layer_change_kind {
    LAYER_CHANGE_WRITTEN, /* added, or changed: the folder does not say which */
    LAYER_CHANGE_DELETED,
};

struct layer_change {
    enum layer_change_kind kind;
    const char *path;  /* "Files\app\x.txt"; valid during the call */
    bool is_directory; /* also a directory that only contains something else that changed. false
                          for what is deleted: nobody knows what it was */
};

/* Returning false (with *err filled) ends the work with that error. */
typedef bool (*layer_change_fn)(void *user, const struct layer_change *change, struct error *err);

/* Tells what a folder of ExportLayer adds, changes and deletes below "Files", in the order of the
 * tar; hives are no part of it. */
bool layer_export_changes(const struct layer_folder *folder, layer_change_fn on_change, void *user,
                          const struct context *context, struct error *err) MUST_USE;
