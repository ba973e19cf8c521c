/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target once on each file of the folders given: the corpus is a regression test on
 * systems without libFuzzer, too. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define MAXIMUM_INPUT (4 * 1024 * 1024)

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    uint8_t *data = malloc(MAXIMUM_INPUT);
    size_t size = data != NULL ? fread(data, 1, MAXIMUM_INPUT, file) : 0;
    bool ok = data != NULL && !ferror(file);
    (void)fclose(file);
    if (ok) {
        /* A copy of the exact size lets the sanitizer see the first byte read too far. */
        uint8_t *exact = realloc(data, size > 0 ? size : 1);
        data = exact != NULL ? exact : data;
        (void)LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return ok;
}

/* The number of files replayed, or -1 on a file that cannot be read. */
static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return 0;
    }
    int count = 0;
    for (struct dirent *entry; count >= 0 && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[1024];
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        bool ok = length > 0 && (size_t)length < sizeof(path) && replay_file(path);
        if (!ok) {
            (void)fprintf(stderr, "cannot read %s in %s\n", entry->d_name, folder);
        }
        count = ok ? count + 1 : -1;
    }
    (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count < 0) {
            return 1;
        }
        total += count;
    }
    printf("%d inputs replayed\n", total);
    /* An empty corpus proves nothing. */
    return total > 0 ? 0 : 1;
}
