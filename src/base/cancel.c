/* SPDX-License-Identifier: MIT */
#include "base/cancel.h"

bool cancel_is_requested(const struct cancel *cancel)
{
    for (; cancel; cancel = cancel->parent)
        if (__atomic_load_n(&cancel->requested, __ATOMIC_SEQ_CST) != 0)
            return true;
    return false;
}

bool cancel_check(const struct cancel *cancel, struct error *err)
{
    if (cancel_is_requested(cancel))
        return error_set(err, ERR_CANCELLED, "interrupted");
    return true;
}
