/* SPDX-License-Identifier: MIT */
#include "base/event.h"
#include "base/strlist.h"
#include "check.h"

static void record(void *user, const struct event *event)
{
    strlist_addf(user, "%d %s %s %llu/%llu +%llu", (int)event->type,
                 event->subject ? event->subject : "-", event->text ? event->text : "-",
                 (unsigned long long)event->done, (unsigned long long)event->total,
                 (unsigned long long)event->pause_ms);
}

TEST(events_reach_the_observer_unchanged)
{
    CLEANUP(strlist_clear) struct strlist seen = {0};
    const struct observer observer = {.on_event = record, .user = &seen};
    const struct context context = {.observer = &observer};
    context_emit(
        &context,
        &(struct event){
            .type = EVENT_BLOB_PROGRESS, .subject = "sha256:x", .done = 5, .total = UINT64_MAX});
    context_step(&context, "mount %s at %d", "a", 7);
    context_warn(&context, "%s", "100% full");
    context_retry(&context, "https://host/x", 1500, "100% cut");
    assert_int_equal(seen.count, 4);
    CLEANUP(str_free)
    char *progress =
        str_format("%d sha256:x - 5/18446744073709551615 +0", (int)EVENT_BLOB_PROGRESS);
    CLEANUP(str_free) char *step = str_format("%d - mount a at 7 0/0 +0", (int)EVENT_STEP);
    CLEANUP(str_free) char *warning = str_format("%d - 100%% full 0/0 +0", (int)EVENT_WARNING);
    CLEANUP(str_free)
    char *retry = str_format("%d https://host/x 100%% cut 0/0 +1500", (int)EVENT_RETRY);
    assert_string_equal(seen.items[0], progress);
    assert_string_equal(seen.items[1], step);
    assert_string_equal(seen.items[2], warning);
    assert_string_equal(seen.items[3], retry);
}

TEST(without_an_observer_events_vanish)
{
    const struct context context = {0};
    context_step(&context, "%d", 1);
    context_warn(NULL, "%d", 2);
    context_emit(NULL, &(struct event){.type = EVENT_STEP});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_reach_the_observer_unchanged),
        cmocka_unit_test(without_an_observer_events_vanish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
