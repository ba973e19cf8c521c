/* SPDX-License-Identifier: MIT */
#include "runner/root.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"

char *root_getenv(const char *name)
{
    char *value = os_getenv(name);
    if (value && !*value)
        str_free(&value);
    return value;
}

/* Base directories in order of preference, each with what is appended. */
static const struct {
    const char *variable;
    const char *below;
} places[] = {
#ifdef _WIN32
    {"ProgramData", "wrun"},
#else
    {"XDG_DATA_HOME", "wrun"},
    {"HOME", ".local/share/wrun"},
#endif
};

bool root_find(const char *option, char **ret, struct error *err)
{
    /* A script whose variable is empty must not get another store. */
    if (option && !*option)
        return error_set(err, ERR_USAGE, "--root is empty");
    if (option)
        return fs_absolute(option, ret, err);
    CLEANUP(str_free) char *from_environment = root_getenv("WRUN_ROOT");
    if (from_environment)
        return fs_absolute(from_environment, ret, err);
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        CLEANUP(str_free) char *base = root_getenv(places[i].variable);
        if (!base)
            continue;
        CLEANUP(str_free) char *path = fs_join(base, places[i].below);
        return fs_absolute(path, ret, err);
    }
    error_set(err, ERR_USAGE, "the store has no place: neither --root nor WRUN_ROOT is given");
    return error_hint(err, "add --root DIR");
}
