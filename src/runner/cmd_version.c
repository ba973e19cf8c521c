/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

static bool compose(char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "version", WRUN_VERSION_TEXT);
        json_string(&w, "compiler", __VERSION__);
    }
    return json_writer_finish(&w, ret, err);
}

static bool run_version(struct invocation *invocation, void *options, const struct strlist *args,
                        int *ret_code, struct error *err)
{
    (void)options;
    (void)args;
    (void)ret_code;
    CLEANUP(str_free) char *json = NULL;
    if (invocation->global.json && !compose(&json, err))
        return false;
    CLEANUP(str_free)
    char *line = json ? str_format("%s\n", json) : xstrdup("wrun " WRUN_VERSION_TEXT "\n");
    return terminal_result(line, err);
}

const struct verb verb_version = {
    .name = "version",
    .synopsis = "",
    .summary = "Show the version",
    .run = run_version,
};
