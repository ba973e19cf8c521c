/* SPDX-License-Identifier: MIT */
#include "runner/image_filter.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* One '*' is remembered; when the rest does not fit, it takes one character more. */
static bool glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* Where the tag or digest begins, with its ':' or '@'; the end when there is none. */
static const char *suffix_of(const char *canonical)
{
    const char *at = strchr(canonical, '@');
    if (at)
        return at;
    const char *colon = strrchr(canonical, ':');
    return colon && !strchr(colon, '/') ? colon : canonical + strlen(canonical);
}

#define FORMS_MAXIMUM 3

/* Fills in the text as it is and without what Docker leaves out; at least one. */
static size_t forms_of(const char *text, const char *ret[FORMS_MAXIMUM])
{
    static const char *const prefixes[] = {"docker.io/", "docker.io/library/"};
    size_t count = 1;
    ret[0] = text;
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (str_starts_with(text, prefixes[i]))
            ret[count++] = text + strlen(prefixes[i]);
    return count;
}

bool image_filter_matches(const char *pattern, const char *canonical)
{
    CLEANUP(str_free)
    char *repository = xstrndup(canonical, (size_t)(suffix_of(canonical) - canonical));
    const char *const texts[] = {canonical, repository};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *forms[FORMS_MAXIMUM];
        size_t count = forms_of(texts[i], forms);
        for (size_t j = 0; j < count; j++)
            if (glob_matches(pattern, forms[j]))
                return true;
    }
    return false;
}

char *image_repository_shown(const char *canonical)
{
    const char *forms[FORMS_MAXIMUM];
    size_t count = forms_of(canonical, forms);
    const char *shortest = forms[count - 1];
    return xstrndup(shortest, (size_t)(suffix_of(shortest) - shortest));
}

char *image_tag_shown(const char *canonical)
{
    const char *suffix = suffix_of(canonical);
    return xstrdup(*suffix == ':' ? suffix + 1 : "<none>");
}
