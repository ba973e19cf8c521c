/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "runner/mount_spec.h"

struct good {
    const char *text;
    const char *source;
    const char *destination;
    bool read_only;
};

static void check_good(const struct good *row,
                       bool (*parse)(const char *, struct mount_spec *, struct error *))
{
    struct error err = {0};
    CLEANUP(mount_spec_clear) struct mount_spec mount = {0};
    if (!parse(row->text, &mount, &err))
        fail_msg("'%s': %s", row->text, err.message);
    assert_string_equal(mount.source, row->source);
    assert_string_equal(mount.destination, row->destination);
    assert_int_equal(mount.read_only, row->read_only);
}

TEST(mounts_as_they_are_typed)
{
    static const struct good rows[] = {
        {"type=bind,src=d:\\cache,dst=C:\\cache", "d:\\cache", "C:\\cache", false},
        {"src=d:\\cache,dst=C:\\cache", "d:\\cache", "C:\\cache", false},
        {"source=d:/a/b/,target=c:/x/y/", "d:\\a\\b", "c:\\x\\y", false},
        {"src=d:\\,destination=C:\\d,ro", "d:\\", "C:\\d", true},
        {"src=d:\\a,dst=C:\\b,readonly", "d:\\a", "C:\\b", true},
        {"src=d:\\a,dst=C:\\b,readonly=false", "d:\\a", "C:\\b", false},
        {"src=d:\\a,dst=C:\\b,ro=1", "d:\\a", "C:\\b", true},
        {"type=bind,src=d:\\a,dst=C:\\b,options=rbind:ro", "d:\\a", "C:\\b", true},
        {"src=d:\\a,dst=C:\\b,options=bind:rw", "d:\\a", "C:\\b", false},
        {"src=d:\\a b\\=c,dst=C:\\with = sign", "d:\\a b\\=c", "C:\\with = sign", false},
        {"src=relative\\dir,dst=C:\\b", "relative\\dir", "C:\\b", false},
        {"src=\\\\?\\d:\\long,dst=C:\\b", "\\\\?\\d:\\long", "C:\\b", false},
        {"src=d:\\a,dst=D:", "d:\\a", "D:", false},
        {"src=d:\\a,dst=e:\\", "d:\\a", "e:", false},
        {"src=d:\\gr\xc3\xbc\xc3\x9f\x65,dst=C:\\gr\xc3\xbc\xc3\x9f\x65",
         "d:\\gr\xc3\xbc\xc3\x9f\x65", "C:\\gr\xc3\xbc\xc3\x9f\x65", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_good(&rows[i], mount_spec_parse_mount);
}

TEST(volumes_with_drive_letters)
{
    static const struct good rows[] = {
        {"d:\\cache:C:\\cache", "d:\\cache", "C:\\cache", false},
        {"d:\\cache:C:\\cache:ro", "d:\\cache", "C:\\cache", true},
        {"d:/cache:c:/cache:rw", "d:\\cache", "c:\\cache", false},
        {"C:\\a:D:", "C:\\a", "D:", false},
        {"C:\\a:D::ro", "C:\\a", "D:", true},
        {"cache:C:\\cache", "cache", "C:\\cache", false},
        {".\\x:C:\\x", ".\\x", "C:\\x", false},
        {"C:\\cache\\temp\\:c:\\Users\\opam", "C:\\cache\\temp", "c:\\Users\\opam", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_good(&rows[i], mount_spec_parse_volume);
}

struct bad {
    const char *text;
    enum err_kind kind;
    const char *says;
};

TEST(bad_mounts_are_told_what_is_wrong)
{
    static const struct bad rows[] = {
        {"", ERR_USAGE, "is not a key"},
        {"src=d:\\a", ERR_USAGE, "the destination is missing"},
        {"dst=C:\\a", ERR_USAGE, "the source is missing"},
        {"src=,dst=C:\\a", ERR_USAGE, "the source is missing"},
        {"src=d:\\a,dst=", ERR_USAGE, "the destination is missing"},
        {"src=d:\\a,dst=C:\\b,color=red", ERR_USAGE, "'color' is not a key"},
        {"src=d:\\a,src=d:\\b,dst=C:\\b", ERR_USAGE, "src: is given twice"},
        {"type=volume,src=x,dst=C:\\b", ERR_UNSUPPORTED, "'volume' is not a mount type"},
        {"type=,src=x,dst=C:\\b", ERR_UNSUPPORTED, "'' is not a mount type"},
        {"src=d:\\a,dst=C:\\b,ro=maybe", ERR_USAGE, "takes true or false"},
        {"src=d:\\a,dst=C:\\b,options=exec", ERR_UNSUPPORTED, "'exec'"},
        {"src=d:\\a,dst=C:\\", ERR_USAGE, "C: itself"},
        {"src=d:\\a,dst=c:", ERR_USAGE, "C: itself"},
        {"src=d:\\a,dst=cache", ERR_USAGE, "not an absolute Windows path"},
        {"src=d:\\a,dst=\\cache", ERR_USAGE, "not an absolute Windows path"},
        {"src=d:\\a,dst=C:cache", ERR_USAGE, "relative to a drive"},
        {"src=d:\\a,dst=D:\\src", ERR_USAGE, "must be on C: or be a whole drive"},
        {"src=d:\\a,dst=C:\\a\\..\\..\\b", ERR_USAGE, "'.' or '..'"},
        {"src=d:\\a,dst=C:\\a?", ERR_USAGE, "no path may hold"},
        {"src=/d/cache,dst=C:\\a", ERR_USAGE, "path of a Unix shell"},
        {"src=/cygdrive/d/cache,dst=C:\\a", ERR_USAGE, "path of a Unix shell"},
        {"src=\\\\.\\pipe\\docker_engine,dst=C:\\a", ERR_UNSUPPORTED, "named pipes"},
    };
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct mount_spec mount = {0};
        assert_fails(mount_spec_parse_mount(rows[i].text, &mount, &err), rows[i].kind,
                     rows[i].says);
        assert_null(mount.source);
    }
}

TEST(bad_volumes_are_told_what_is_wrong)
{
    static const struct bad rows[] = {
        {"", ERR_USAGE, "has no destination"},
        {"d:\\cache", ERR_USAGE, "has no destination"},
        {"d:\\cache:", ERR_USAGE, "the destination is missing"},
        {":C:\\cache", ERR_USAGE, "the source is missing"},
        {"d:\\cache:cache", ERR_USAGE, "not an absolute Windows path"},
        {"d:\\cache:C:\\cache:rx", ERR_USAGE, "'rx' is not a mode"},
        {"d:\\cache:D:\\cache", ERR_USAGE, "must be on C: or be a whole drive"},
    };
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct mount_spec mount = {0};
        assert_fails(mount_spec_parse_volume(rows[i].text, &mount, &err), rows[i].kind,
                     rows[i].says);
    }
}

TEST(another_drive_gets_a_proposal)
{
    struct error err = {0};
    struct mount_spec mount = {0};
    assert_false(mount_spec_parse_mount("src=d:\\a,dst=d:\\src\\x", &mount, &err));
    assert_string_equal(err.hint, "use dst=D: (a free drive letter) or dst=C:\\src\\x");
    error_clear(&err);
}

TEST(one_destination_takes_one_mount)
{
    struct error err = {0};
    CLEANUP(mount_list_clear) struct mount_list list = {0};
    struct mount_spec first = {0};
    struct mount_spec second = {0};
    assert_ok(mount_spec_parse_mount("src=d:\\a,dst=C:\\x", &first, &err));
    assert_ok(mount_spec_parse_mount("src=d:\\b,dst=c:\\X", &second, &err));
    assert_ok(mount_list_add(&list, &first, &err));
    assert_fails(mount_list_add(&list, &second, &err), ERR_USAGE, "two mounts");
    assert_int_equal(list.count, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mounts_as_they_are_typed),
        cmocka_unit_test(volumes_with_drive_letters),
        cmocka_unit_test(bad_mounts_are_told_what_is_wrong),
        cmocka_unit_test(bad_volumes_are_told_what_is_wrong),
        cmocka_unit_test(another_drive_gets_a_proposal),
        cmocka_unit_test(one_destination_takes_one_mount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
