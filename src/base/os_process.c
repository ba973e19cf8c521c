/* SPDX-License-Identifier: MIT */
#include "base/os_process.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"
#include "base/scan.h"
#include "base/text.h"

#ifdef _WIN32
#define PATH_SEPARATOR ';'
#define PROGRAM_SUFFIX ".exe"
#else
#define PATH_SEPARATOR ':'
#define PROGRAM_SUFFIX ""
#endif

static bool is_absolute(const char *directory)
{
#ifdef _WIN32
    bool drive = char_is_alpha(directory[0]) && directory[1] == ':'
        && (directory[2] == '\\' || directory[2] == '/');
    return drive || str_starts_with(directory, "\\\\");
#else
    return directory[0] == '/';
#endif
}

/* Windows allows quotes around a directory whose name has a semicolon; one without needs none. */
static char *directory_of(struct scan part)
{
    if (scan_char(&part, '"') && part.end > part.at && part.end[-1] == '"')
        part.end--;
    return scan_rest(&part);
}

char *os_process_find(const char *name)
{
    CLEANUP(str_free) char *path = os_getenv("PATH");
    CLEANUP(str_free) char *file = str_format("%s%s", name, PROGRAM_SUFFIX);
    struct scan rest = scan_text(path ? path : "");
    while (!scan_at_end(&rest)) {
        CLEANUP(str_free) char *directory = directory_of(scan_until(&rest, PATH_SEPARATOR));
        scan_char(&rest, PATH_SEPARATOR);
        if (!is_absolute(directory))
            continue;
        CLEANUP(str_free) char *candidate = fs_join(directory, file);
        if (os_process_is_program(candidate))
            return TAKE(candidate);
    }
    return NULL;
}
