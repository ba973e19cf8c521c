/* SPDX-License-Identifier: MIT */
/* verbs: every command wrun has; one file each. */
#pragma once

#include "runner/invocation.h"

extern const struct verb verb_pull;
extern const struct verb verb_save;
extern const struct verb verb_load;
extern const struct verb verb_import;
extern const struct verb verb_commit;
extern const struct verb verb_layer;
extern const struct verb verb_layer_prepare;
extern const struct verb verb_layer_rm;
extern const struct verb verb_layer_ls;
extern const struct verb verb_layer_tree;
extern const struct verb verb_layer_inspect;
extern const struct verb verb_layer_commit;
extern const struct verb verb_layer_export;
extern const struct verb verb_layer_diff;
extern const struct verb verb_layer_cp;
extern const struct verb verb_layer_import;
extern const struct verb verb_run;
extern const struct verb verb_rm;
extern const struct verb verb_images;
extern const struct verb verb_inspect;
extern const struct verb verb_match;
extern const struct verb verb_tag;
extern const struct verb verb_rmi;
extern const struct verb verb_prune;
extern const struct verb verb_df;
extern const struct verb verb_login;
extern const struct verb verb_logout;
extern const struct verb verb_verify;
extern const struct verb verb_unpack;
extern const struct verb verb_help;
extern const struct verb verb_version;

/* In the order of the help text. Those of a group have the names "GROUP VERB" and follow it. */
extern const struct verb *const verbs[];
extern const size_t verb_count;

/* ERR_USAGE when there is no such command. */
bool verb_find(const char *name, const struct verb **ret, struct error *err) MUST_USE;
/* By the first words of a command line; *ret_used gets how many of them are the name. */
bool verb_find_words(const struct strlist *words, size_t *ret_used, const struct verb **ret,
                     struct error *err) MUST_USE;
/* True for a verb that only stands for those of its group. */
bool verb_is_group(const struct verb *verb);
/* True when 'member' is one of the group. */
bool verb_is_member(const struct verb *group, const struct verb *member);
