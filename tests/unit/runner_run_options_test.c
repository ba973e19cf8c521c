/* SPDX-License-Identifier: MIT */
#include "run_support.h"

TEST(every_row_is_complete)
{
    for (size_t i = 0; i < RUN_OPTION_COUNT; i++) {
        assert_non_null(run_option_table[i].name);
        assert_non_null(run_option_table[i].help);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(run_option_table[i].name, run_option_table[j].name);
            if (run_option_table[i].letter)
                assert_int_not_equal(run_option_table[i].letter, run_option_table[j].letter);
        }
    }
}

TEST(values_reach_their_members)
{
    struct error err = {0};
    CLEANUP(run_options_clear) struct run_options options = {0};
    CLEANUP(strlist_clear) struct strlist args = {0};
    assert_ok(parse_run("--network=none|--pull|always|-ih|box|--name|a.b-c_1|--keep|-u|me|-w|C:\\|"
                        "--status-file|s.json|--dry-run|--platform|windows/arm64:10.0.26100|"
                        "image|cmd|-x",
                        &options, &args, &err));
    assert_int_equal(options.network, RUN_NETWORK_NONE);
    assert_int_equal(options.pull, PULL_ALWAYS);
    assert_true(options.interactive && options.keep && options.dry_run);
    assert_string_equal(options.hostname, "box");
    assert_string_equal(options.name, "a.b-c_1");
    assert_string_equal(options.user, "me");
    assert_string_equal(options.working_dir, "C:\\");
    assert_string_equal(options.status_file, "s.json");
    CLEANUP(str_free) char *joined = strlist_join(&args, "|");
    assert_string_equal(joined, "image|cmd|-x");
}

TEST(a_layer_takes_the_place_of_the_image)
{
    struct error err = {0};
    CLEANUP(run_options_clear) struct run_options options = {0};
    CLEANUP(run_options_clear) struct run_options second = {0};
    CLEANUP(strlist_clear) struct strlist args = {0};
    CLEANUP(strlist_clear) struct strlist none = {0};
    assert_ok(parse_run("--layer|One|cmd|/c", &options, &args, &err));
    assert_string_equal(options.layer, "One");
    assert_int_equal(args.count, 2);
    assert_ok(parse_run("--from|a:1|--storage-opt|size=60GB|--cmdline|x y", &second, &none, &err));
    assert_string_equal(second.from, "a:1");
    assert_true(second.storage_bytes == (uint64_t)60 << 30);
    assert_int_equal(none.count, 0);
}

TEST(removal_is_the_default_and_the_last_word_counts)
{
    static const struct {
        const char *text;
        bool keep;
    } rows[] = {{"x", false},           {"--rm|x", false},        {"-rm|x", false},
                {"--rm=false|x", true}, {"--keep|--rm|x", false}, {"--rm|--keep|x", true}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(run_options_clear) struct run_options options = {0};
        CLEANUP(strlist_clear) struct strlist args = {0};
        assert_ok(parse_run(rows[i].text, &options, &args, &err));
        assert_int_equal(options.keep, rows[i].keep);
        assert_int_equal(options.network, RUN_NETWORK_NAT);
        assert_int_equal(options.pull, PULL_MISSING);
    }
}

#define LONG_NAME                                                                                  \
    "a23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"

TEST(bad_options_are_told_what_is_wrong)
{
    static const struct {
        const char *text;
        enum err_kind kind;
        const char *says;
    } rows[] = {
        {"--network|host|x", ERR_UNSUPPORTED, "it has: nat, none"},
        {"--network|NAT|x", ERR_UNSUPPORTED, "--network: 'NAT'"},
        {"--pull|sometimes|x", ERR_USAGE, "missing, always, never"},
        {"--name|-a|x", ERR_USAGE, "is not a name"},
        {"--name||x", ERR_USAGE, "is not a name"},
        {"--name|a/b|x", ERR_USAGE, "is not a name"},
        {"--name|" LONG_NAME "|x", ERR_USAGE, "at most 76"},
        {"--hostname|a.b|x", ERR_USAGE, "is not a computer name"},
        {"--hostname|-a|x", ERR_USAGE, "is not a computer name"},
        {"--hostname|a-|x", ERR_USAGE, "is not a computer name"},
        {"--hostname||x", ERR_USAGE, "is not a computer name"},
        {"--hostname|" LONG_NAME "|x", ERR_USAGE, "is not a computer name"},
        {"--cmdline|a|x|b", ERR_USAGE, "--cmdline is the whole command"},
        {"--cmdline|a|--entrypoint|b|x", ERR_USAGE, "--cmdline is the whole command"},
        {"--platform|linux/amd64|x", ERR_USAGE, "not a Windows platform"},
        {"--platform|windows|x", ERR_USAGE, "not a Windows platform"},
        {"--platform|windows/386|x", ERR_USAGE, "not a Windows platform"},
        {"--platform|windows/amd64:|x", ERR_USAGE, "not a Windows platform"},
        {"--platform|windows/amd64:ltsc2022|x", ERR_USAGE, "not a Windows platform"},
        {"-e|=a|x", ERR_USAGE, "--env: "},
        {"--env-file|surely-absent|x", ERR_NOT_FOUND, "--env-file: "},
        {"--mount|dst=C:\\a|x", ERR_USAGE, "--mount: "},
        {"-v|d:\\a:C:\\x|-v|d:\\b:c:\\X|x", ERR_USAGE, "two mounts"},
        {"-d|x", ERR_USAGE, "--detach: "},
        {"-t|x", ERR_USAGE, "--tty: "},
        {"-it|x", ERR_USAGE, "--tty: "},
        {"-p|80:80|x", ERR_USAGE, "--publish: "},
        {"--isolation=hyperv|x", ERR_USAGE, "--isolation: "},
        {"--read-only|x", ERR_USAGE, "--read-only: "},
        {"--privileged|x", ERR_USAGE, "--privileged: "},
        {"--cap-add|ALL|x", ERR_USAGE, "--cap-add: "},
        {"--cap-drop|ALL|x", ERR_USAGE, "--cap-drop: "},
        {"--sysctl|a=b|x", ERR_USAGE, "--sysctl: "},
        {"--cni|x", ERR_USAGE, "--cni: "},
        {"--layer|a|--from|b|x", ERR_USAGE, "exclude each other"},
        {"--layer|a|--keep|x", ERR_USAGE, "kept anyway"},
        {"--layer|a|--storage-opt|size=40g|x", ERR_USAGE, "when it was prepared"},
        {"--layer|nul|x", ERR_USAGE, "--layer: 'nul' is no name"},
        {"--layer|a|--cmdline|x|y", ERR_USAGE, "--cmdline is the whole command"},
        {"--storage-opt|40g|x", ERR_USAGE, "--storage-opt: '40g' is not size=SIZE"},
        {"--storage-opt|size=much|x", ERR_USAGE, "'much' is not a size"},
        {"--keep=perhaps|x", ERR_USAGE, "takes true or false"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(run_options_clear) struct run_options options = {0};
        CLEANUP(strlist_clear) struct strlist args = {0};
        if (parse_run(rows[i].text, &options, &args, &err))
            fail_msg("'%s' was accepted", rows[i].text);
        check_error(&err, rows[i].kind, rows[i].says, rows[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(values_reach_their_members),
        cmocka_unit_test(a_layer_takes_the_place_of_the_image),
        cmocka_unit_test(removal_is_the_default_and_the_last_word_counts),
        cmocka_unit_test(bad_options_are_told_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
