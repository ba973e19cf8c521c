/* SPDX-License-Identifier: MIT */
#include "runner/verbs.h"

#include "base/text.h"

const struct verb *const verbs[] = {
    &verb_pull, &verb_run,   &verb_rm,     &verb_images, &verb_inspect, &verb_match,
    &verb_tag,  &verb_save,  &verb_load,   &verb_import, &verb_rmi,     &verb_prune,
    &verb_df,   &verb_login, &verb_logout, &verb_verify, &verb_help,    &verb_version,
};
const size_t verb_count = ARRAY_SIZE(verbs);

bool verb_find(const char *name, const struct verb **ret, struct error *err)
{
    for (size_t i = 0; i < verb_count; i++) {
        if (str_equal(verbs[i]->name, name)) {
            *ret = verbs[i];
            return true;
        }
    }
    error_set(err, ERR_USAGE, "there is no command '%s'", name);
    return error_hint(err, "'wrun --help' lists the commands");
}
