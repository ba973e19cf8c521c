/* SPDX-License-Identifier: MIT */
#include "runner/verb_hint.h"

#include "base/alloc.h"
#include "base/text.h"
#include "runner/name_distance.h"
#include "runner/verbs.h"

#define NO_BACKGROUND "runs end with their wrun: there are none in the background yet"
#define GROUP "wrun's commands come without that word: 'wrun --help' lists them"

static const struct {
    const char *name;
    const char *hint;
} foreign[] = {
    {"attach", NO_BACKGROUND},
    {"build",
     "wrun reads no Dockerfile: 'wrun run --layer' and 'wrun commit' make an image step by step"},
    {"container", GROUP},
    {"containers", GROUP},
    {"content", "'wrun pull --no-unpack' fetches blobs, 'wrun verify' checks them"},
    {"cp", "files are copied with 'wrun layer cp'"},
    {"create",
     "a writable layer is made with 'wrun layer prepare', and used with 'wrun run --layer'"},
    {"diff", "'wrun layer diff' lists what a layer or a kept run has changed"},
    {"exec", NO_BACKGROUND "; give 'wrun run' the whole command"},
    {"export", "'wrun layer export' writes a layer, 'wrun save' an image"},
    {"history", "'wrun inspect' shows the layers of an image"},
    {"image", GROUP},
    {"info", "'wrun version' tells about wrun, 'wrun df' about its store"},
    {"kill", NO_BACKGROUND "; end the wrun that runs it"},
    {"logs", "the output of a run is that of wrun: send it to a file"},
    {"network", "'wrun run --network' takes nat or none, and makes what it needs"},
    {"ps", NO_BACKGROUND "; 'wrun layer ls --all' lists those that were kept"},
    {"push", "wrun does not push yet: copy what 'wrun save' writes with skopeo"},
    {"rename", NO_BACKGROUND},
    {"restart", NO_BACKGROUND},
    {"snapshot", "ctr's snapshots are wrun's layers: see 'wrun layer --help'"},
    {"snapshots", "ctr's snapshots are wrun's layers: see 'wrun layer --help'"},
    {"start", NO_BACKGROUND},
    {"stop", NO_BACKGROUND "; end the wrun that runs it"},
    {"system", "see 'wrun df' and 'wrun prune'"},
    {"task", GROUP},
    {"tasks", GROUP},
    {"volume", "there are no volumes: show a host directory with 'wrun run --mount'"},
    {"wait", NO_BACKGROUND},
};

bool verb_hint(const char *name, struct error *err)
{
    const char *nearest = NULL;
    size_t best = NAME_DISTANCE_TYPO + 1;
    for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
        if (str_equal(foreign[i].name, name))
            return error_hint(err, "%s", foreign[i].hint);
    for (size_t i = 0; i < verb_count; i++) {
        size_t distance = name_distance(name, verbs[i]->name);
        if (distance < best) {
            best = distance;
            nearest = verbs[i]->name;
        }
    }
    return nearest ? error_hint(err, "did you mean 'wrun %s'?", nearest) : false;
}
