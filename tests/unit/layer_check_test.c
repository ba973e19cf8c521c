/* SPDX-License-Identifier: MIT */
#include "layers/layer_check.h"

#include "check.h"
#include "tar_build.h"

struct archive {
    struct buf tar;
    size_t at;
};

static bool read_archive(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct archive *archive = user;
    (void)err;
    size_t left = archive->tar.length - archive->at;
    *ret = left < length ? left : length;
    if (*ret > 0)
        memcpy(data, archive->tar.data + archive->at, *ret);
    archive->at += *ret;
    return true;
}

struct events {
    size_t started;
    size_t progress;
    size_t done;
    size_t others;
    uint64_t last;
};

static void on_event(void *user, const struct event *event)
{
    struct events *events = user;
    bool known = event->type == EVENT_CHECK_STARTED || event->type == EVENT_CHECK_PROGRESS
        || event->type == EVENT_CHECK_DONE;
    events->started += event->type == EVENT_CHECK_STARTED;
    events->progress += event->type == EVENT_CHECK_PROGRESS;
    events->done += event->type == EVENT_CHECK_DONE;
    events->others += !known;
    if (event->type == EVENT_CHECK_PROGRESS)
        events->last = event->done;
}

/* 'diff_id' NULL: the right one. */
static bool check(const struct tar_build_entry *entries, bool is_base, const struct digest *diff_id,
                  struct events *events, struct error *err)
{
    struct archive archive = {0};
    tar_build_all(&archive.tar, entries);
    const struct byte_source source = {
        .read = read_archive, .user = &archive, .size = archive.tar.length};
    const struct layer_check_request request = {
        .source = &source,
        .diff_id = diff_id ? *diff_id : digest_of(archive.tar.data, archive.tar.length),
        .is_base = is_base,
    };
    const struct observer observer = {.on_event = on_event, .user = events};
    const struct context context = {.observer = &observer};
    bool good = layer_check(&request, &context, err);
    assert_int_equal(events->last, archive.tar.length);
    buf_clear(&archive.tar);
    return good;
}

static const struct tar_build_entry base_entries[] = {
    {.type = '5', .name = "Files"},
    {.type = '0', .name = "Files/a.txt", .data = "content"},
    {.type = '1', .name = "Files/b.txt", .target = "Files/a.txt"},
    {.type = '5', .name = "UtilityVM"},
    {.type = '5', .name = "UtilityVM/Files"},
    {.type = '0', .name = "UtilityVM/Files/vm.txt", .data = "vm"},
    {.type = '1', .name = "Files/c.txt", .target = "UtilityVM/Files/vm.txt"},
    {0},
};

TEST(a_base_layer_with_everything)
{
    struct error err = {0};
    struct events events = {0};
    assert_ok(check(base_entries, true, NULL, &events, &err));
    assert_int_equal(events.started, 1);
    assert_int_equal(events.progress, 1);
    assert_int_equal(events.done, 1);
    assert_int_equal(events.others, 0);
}

TEST(what_a_layer_says_about_those_below_is_believed)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "Files/deep/in/the/parents/x.txt", .data = "x"},
        {.type = '0', .name = "Files/deep/.wh.gone.txt", .data = ""},
        {.type = '1', .name = "Files/link.txt", .target = "Files/below.txt"},
        {.type = '5', .name = "Hives"},
        {.type = '0', .name = "Hives/System_Delta", .data = "hive"},
        {0},
    };
    struct error err = {0};
    struct events events = {0};
    assert_ok(check(entries, false, NULL, &events, &err));
    events = (struct events){0};
    assert_fails(check(entries, true, NULL, &events, &err), ERR_INTEGRITY, "");
}

TEST(the_wrong_digest)
{
    struct error err = {0};
    struct events events = {0};
    struct digest other = digest_of("another", 7);
    assert_fails(check(base_entries, true, &other, &events, &err), ERR_INTEGRITY,
                 "wrong content: it has the digest sha256:");
    assert_int_equal(events.done, 0);
}

TEST(what_unpacking_refuses_is_refused)
{
    static const struct {
        struct tar_build_entry entries[4];
        const char *text;
    } rows[] = {
        {{{.type = '0', .name = "Files/../../evil", .data = "x"}}, "evil"},
        {{{.type = '0', .name = "Files/CON", .data = "x"}}, "CON"},
        {{{.type = '0', .name = "etc/passwd", .data = "x"}}, "passwd"},
        {{{.type = '0', .name = "Files/a", .data = "x"}, {.type = '0', .name = "Files/A"}}, "A"},
        {{{.type = '2', .name = "Files/l", .target = "C:\\"},
          {.type = '0', .name = "Files/l/x", .data = "x"}},
         "a link"},
        {{{.type = '1', .name = "Files/l", .target = "Files/l"}, {.type = '3', .name = "Files/d"}},
         "no devices"},
        {{{.type = '1', .name = "Files/l", .target = "../../x"}}, "hard link"},
        {{{.type = '0', .name = "Files/.wh.x", .data = "content"}}, "x"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct events events = {0};
        assert_fails(check(rows[i].entries, false, NULL, &events, &err), ERR_INTEGRITY,
                     rows[i].text);
        assert_int_equal(events.done, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_layer_with_everything),
        cmocka_unit_test(what_a_layer_says_about_those_below_is_believed),
        cmocka_unit_test(the_wrong_digest),
        cmocka_unit_test(what_unpacking_refuses_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
