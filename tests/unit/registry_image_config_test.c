/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/image_config.h"

#define DIGEST_A "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST_B "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define PLATFORM "\"os\":\"windows\",\"architecture\":\"amd64\""
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\",\"" DIGEST_B "\"]}"

static bool read_config(const char *text, struct image_config *ret, struct error *err)
{
    return image_config_parse(text, strlen(text), ret, err);
}

TEST(a_full_configuration_is_read)
{
    static const char text[] =
        "{" PLATFORM ",\"os.version\":\"10.0.20348.2322\",\"os.features\":[\"win32k\"],"
        "\"variant\":\"\",\"created\":\"2026-01-01T00:00:00Z\",\"history\":[{\"empty_layer\":true}]"
        ","
        "\"config\":{\"User\":\"ContainerUser\",\"Env\":[\"A=1\",\"B=\xc3\xa4=2\"],"
        "\"Entrypoint\":[\"cmd\",\"/c\"],\"Cmd\":[\"echo hi\"],\"WorkingDir\":\"C:\\\\app\","
        "\"ArgsEscaped\":true,\"Labels\":{\"a=b\":\"c\",\"d\":\"\"},\"ExposedPorts\":{\"80/"
        "tcp\":{}}}," ROOTFS "}";
    struct error err = {0};
    CLEANUP(image_config_clear) struct image_config config = {0};
    assert_ok(read_config(text, &config, &err));
    assert_string_equal(config.os, "windows");
    assert_string_equal(config.architecture, "amd64");
    assert_string_equal(config.os_version, "10.0.20348.2322");
    assert_string_equal(config.os_features.items[0], "win32k");
    assert_string_equal(config.config.user, "ContainerUser");
    assert_int_equal(config.config.env.count, 2);
    assert_string_equal(config.config.env.items[1], "B=\xc3\xa4=2");
    assert_string_equal(config.config.entrypoint.items[1], "/c");
    assert_string_equal(config.config.cmd.items[0], "echo hi");
    assert_string_equal(config.config.working_dir, "C:\\app");
    assert_true(config.config.args_escaped);
    assert_int_equal(config.config.label_count, 2);
    assert_string_equal(config.config.labels[0].key, "a=b");
    assert_string_equal(config.config.labels[0].value, "c");
    assert_string_equal(config.config.labels[1].value, "");
    assert_int_equal(config.diff_id_count, 2);
    assert_string_equal(config.diff_ids[0].text, DIGEST_A);
    assert_string_equal(config.diff_ids[1].text, DIGEST_B);
    assert_string_equal(config.raw, text);

    struct platform platform = image_config_platform(&config);
    CLEANUP(str_free) char *shown = platform_format(&platform);
    assert_string_equal(shown, "windows/amd64 10.0.20348.2322");
}

TEST(what_is_absent_or_null_stays_empty)
{
    static const char *const rows[] = {
        "{" PLATFORM "," ROOTFS "}",
        "{" PLATFORM "," ROOTFS ",\"config\":null,\"os.version\":null}",
        "{" PLATFORM "," ROOTFS ",\"config\":{}}",
        "{" PLATFORM "," ROOTFS ",\"config\":{\"User\":null,\"Env\":null,\"Entrypoint\":null,"
        "\"Cmd\":null,\"WorkingDir\":null,\"ArgsEscaped\":null,\"Labels\":null}}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(image_config_clear) struct image_config config = {0};
        assert_ok(read_config(rows[i], &config, &err));
        assert_null(config.os_version);
        assert_null(config.config.user);
        assert_null(config.config.working_dir);
        assert_int_equal(config.config.env.count, 0);
        assert_int_equal(config.config.entrypoint.count, 0);
        assert_int_equal(config.config.cmd.count, 0);
        assert_int_equal(config.config.label_count, 0);
        assert_false(config.config.args_escaped);
    }
}

TEST(bad_configurations_are_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "image configuration"},
        {"{}", "image configuration"},
        {"[]", "image configuration"},
        {"{" ROOTFS ",\"architecture\":\"amd64\"}", "os"},
        {"{" ROOTFS ",\"os\":\"windows\"}", "architecture"},
        {"{" PLATFORM "}", "rootfs"},
        {"{" PLATFORM ",\"rootfs\":[]}", "rootfs"},
        {"{" PLATFORM ",\"rootfs\":{\"type\":\"layers\"}}", "diff_ids"},
        {"{" PLATFORM ",\"rootfs\":{\"diff_ids\":[]}}", "type"},
        {"{" PLATFORM ",\"rootfs\":{\"type\":\"other\",\"diff_ids\":[]}}", "\"layers\""},
        {"{" PLATFORM ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"x\"]}}", "diff_ids[0]"},
        {"{" PLATFORM ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":\"" DIGEST_A "\"}}",
         "diff_ids"},
        {"{" PLATFORM ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\",1]}}",
         "diff_ids[1]"},
        {"{" PLATFORM "," ROOTFS ",\"config\":[]}", "config"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"Env\":\"A=1\"}}", "config.Env"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"Cmd\":[[]]}}", "config.Cmd[0]"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"User\":5}}", "config.User"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"ArgsEscaped\":\"yes\"}}", "config.ArgsEscaped"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"Labels\":[]}}", "config.Labels"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"Labels\":{\"a\":1}}}", "config.Labels"},
        {"{" PLATFORM "," ROOTFS ",\"config\":{\"Env\":[\"A=\\u0000\"]}}", "image configuration"},
        {"{" PLATFORM "," ROOTFS "," ROOTFS "}", "rootfs"},
        {"{" PLATFORM "," ROOTFS "}}", "image configuration"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(image_config_clear) struct image_config config = {0};
        if (read_config(rows[i].text, &config, &err))
            fail_msg("accepted: %s", rows[i].text);
        check_error(&err, ERR_INTEGRITY, rows[i].message, rows[i].text);
        assert_null(config.raw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_configuration_is_read),
        cmocka_unit_test(what_is_absent_or_null_stays_empty),
        cmocka_unit_test(bad_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
