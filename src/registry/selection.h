/* SPDX-License-Identifier: MIT */
/* selection: which image of an index a host takes, why not the others, and a refusal that explains
 * itself. */
#pragma once

#include "registry/manifest.h"

/* An entry of an index, judged for one host. */
struct candidate {
    const struct descriptor *entry; /* borrowed from the index */
    bool is_image;                  /* false: it holds signatures or the like */
    bool is_chosen;
    struct platform_verdict verdict; /* of an image; one without a platform is accepted, for its own
                                        configuration settles that */
};

/* All entries of an index, in its order. */
struct selection {
    struct candidate *items;
    size_t count;
    const struct candidate *chosen; /* one of them; NULL = none fits */
};

/* Judges every entry and chooses the one that fits the host best: by platform_compare(), then the
 * one listed first; one without a platform last. The index must live as long as the result. */
struct selection selection_of(const struct index *index, const struct platform_host *host);
void selection_clear(struct selection *selection);

/* ERR_MISMATCH that names the host and every entry with the reason against it, unless something was
 * chosen. */
bool selection_require(const struct selection *selection, const struct platform_host *host,
                       struct error *err) MUST_USE;

/* The two in one: the number of the chosen entry. */
bool selection_choose(const struct index *index, const struct platform_host *host, size_t *ret,
                      struct error *err) MUST_USE;

/* The same verdict for an image that stands alone, given its configuration's platform. */
bool selection_check(const struct platform *platform, const struct platform_host *host,
                     struct error *err) MUST_USE;

/* "chosen", "fits", "too new" ...; the caller owns it. */
char *candidate_verdict(const struct candidate *candidate);
/* "windows/amd64 10.0.20348.2322: chosen"; the caller owns it. */
char *candidate_format(const struct candidate *candidate);
