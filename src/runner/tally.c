/* SPDX-License-Identifier: MIT */
#include "runner/tally.h"

#include "runner/error_print.h"

/* What is not there is the least, for it is often what was wanted. */
static unsigned badness(enum err_kind kind)
{
    static const enum err_kind mild[] = {ERR_NONE, ERR_NOT_FOUND, ERR_USAGE, ERR_BUSY};
    for (unsigned i = 0; i < ARRAY_SIZE(mild); i++)
        if (mild[i] == kind)
            return i;
    return ARRAY_SIZE(mild);
}

void tally_add(struct tally *tally, struct error *failure)
{
    bool is_worse = badness(failure->kind) > badness(tally->worst.kind);
    struct error told = is_worse ? TAKE(tally->worst) : TAKE(*failure);
    if (is_worse)
        tally->worst = TAKE(*failure);
    if (error_is_set(&told))
        error_print(&tally->invocation->global, tally->verb, &told);
    error_clear(&told);
}

bool tally_finish(struct tally *tally, struct error *err)
{
    if (!error_is_set(&tally->worst))
        return true;
    *err = TAKE(tally->worst);
    return false;
}
