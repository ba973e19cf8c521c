/* SPDX-License-Identifier: MIT */
#include "runner/status_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "runner/message_json.h"

bool status_file_clear(const char *path, struct error *err)
{
    if (fs_write_file(path, "", 0, err))
        return fs_remove_file(path, err);
    if (err->kind != ERR_NOT_FOUND)
        return false;
    error_clear(err);
    return error_set(err, ERR_NOT_FOUND, "'%s' cannot be made: its directory is not there", path);
}

static void put_error(struct json_writer *w, const struct error *failure)
{
    if (!failure) {
        json_null(w, "error");
        return;
    }
    JSON_OBJECT(w, "error") {
        message_json_error(w, failure);
    }
}

bool status_file_write(const char *path, const struct run_outcome *outcome, int code,
                       const struct error *failure, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *text = NULL;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_uint(&w, "version", 1);
        json_string(&w, "phase", outcome->started ? "exited" : "failed");
        if (outcome->started)
            json_uint(&w, "exit_code", outcome->exit_code);
        else
            json_null(&w, "exit_code");
        json_uint(&w, "wrun_code", (uint32_t)code);
        put_error(&w, failure);
    }
    return json_writer_finish(&w, &text, err) && fs_write_file(path, text, strlen(text), err);
}
