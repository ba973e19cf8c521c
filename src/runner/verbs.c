/* SPDX-License-Identifier: MIT */
#include "runner/verbs.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runner/verb_hint.h"

/* One a line, so that a new one is a line. */
/* clang-format off */
const struct verb *const verbs[] = {
    &verb_pull,
    &verb_run,
    &verb_rm,
    &verb_commit,
    &verb_layer,
    &verb_layer_prepare,
    &verb_layer_rm,
    &verb_layer_ls,
    &verb_layer_tree,
    &verb_layer_inspect,
    &verb_layer_commit,
    &verb_layer_import,
    &verb_layer_export,
    &verb_layer_diff,
    &verb_layer_cp,
    &verb_images,
    &verb_inspect,
    &verb_match,
    &verb_tag,
    &verb_save,
    &verb_load,
    &verb_import,
    &verb_rmi,
    &verb_prune,
    &verb_df,
    &verb_login,
    &verb_logout,
    &verb_verify,
    &verb_unpack,
    &verb_help,
    &verb_version,
};
/* clang-format on */
const size_t verb_count = ARRAY_SIZE(verbs);

static const struct verb *find(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (str_equal(verbs[i]->name, name))
            return verbs[i];
    return NULL;
}

static bool unknown(const char *name, const char *where, struct error *err)
{
    error_set(err, ERR_USAGE, "there is no command '%s'", name);
    verb_hint(name, err);
    return error_hint(err, "'wrun %s--help' lists the commands", where);
}

bool verb_find(const char *name, const struct verb **ret, struct error *err)
{
    const struct verb *verb = find(name);
    if (!verb)
        return unknown(name, "", err);
    *ret = verb;
    return true;
}

bool verb_find_words(const struct strlist *words, size_t *ret_used, const struct verb **ret,
                     struct error *err)
{
    const struct verb *verb = find(words->items[0]);
    if (!verb)
        return unknown(words->items[0], "", err);
    *ret_used = 1;
    if (verb_is_group(verb) && words->count > 1 && words->items[1][0] != '-') {
        CLEANUP(str_free) char *where = str_format("%s ", words->items[0]);
        CLEANUP(str_free) char *name = str_format("%s%s", where, words->items[1]);
        *ret_used = 2;
        verb = find(name);
        if (!verb)
            return unknown(name, where, err);
    }
    *ret = verb;
    return true;
}

bool verb_is_member(const struct verb *group, const struct verb *member)
{
    size_t length = strlen(group->name);
    return str_starts_with(member->name, group->name) && member->name[length] == ' ';
}

bool verb_is_group(const struct verb *verb)
{
    for (size_t i = 0; i < verb_count; i++)
        if (verb_is_member(verb, verbs[i]))
            return true;
    return false;
}
