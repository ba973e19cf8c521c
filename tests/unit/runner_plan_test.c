/* SPDX-License-Identifier: MIT */
#include "run_support.h"
#include "trace.h"

#define ROOT "D:\\wrun"

static void assert_plan(const char *text, const char *process, const char *golden)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(str_free) char *container = NULL;
    CLEANUP(str_free) char *parameters = NULL;
    assert_ok(compose_plan(ROOT, text, process, &plan, &err));
    assert_ok(plan_container_document(&plan, &container, &err));
    assert_ok(plan_process_document(&plan, &parameters, &err));
    CLEANUP(str_free) char *both = str_format("%s\n%s", container, parameters);
    assert_golden(both, golden);
}

TEST(an_image_that_says_everything)
{
    assert_plan("",
                "{\"User\":\"ContainerUser\",\"WorkingDir\":\"C:/app\",\"Env\":[\"A=1\"],"
                "\"Entrypoint\":[\"tool\"],\"Cmd\":[\"print\",\"a b\"]}",
                "run-plan-image.json");
}

TEST(options_go_before_the_image)
{
    assert_plan("-u|ContainerAdministrator|-w|C:/src|-e|a=2|-e|B=|--hostname|builder|cmd|/c|ver",
                "{\"User\":\"ContainerUser\",\"WorkingDir\":\"C:\\\\app\",\"Env\":[\"A=1\"],"
                "\"Cmd\":[\"print\"]}",
                "run-plan-options.json");
}

TEST(mounts_keep_their_order_and_no_network_has_no_namespace)
{
    assert_plan("--network|none|-v|d:\\b:C:\\b:ro|--mount|src=d:\\a,dst=E:|cmd", "{}",
                "run-plan-mounts.json");
}

TEST(commands)
{
    static const struct {
        const char *text;
        const char *process;
        const char *command;
    } rows[] = {
        {"", "{\"Cmd\":[\"a\",\"b c\"]}", "a \"b c\""},
        {"x|y", "{\"Cmd\":[\"a\"]}", "x y"},
        {"x", "{\"Entrypoint\":[\"e\",\"f\"],\"Cmd\":[\"a\"]}", "e f x"},
        {"--entrypoint|p q", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"a\"]}", "\"p q\""},
        {"--entrypoint|p|x", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"a\"]}", "p x"},
        {"--entrypoint=|x", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"a\"]}", "x"},
        {"--cmdline|a  \"b", "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"a\"]}", "a  \"b"},
        {"", "{\"Cmd\":[\"cmd /c \\\"a b\\\"\"],\"ArgsEscaped\":true}", "cmd /c \"a b\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(plan_clear) struct run_plan plan = {0};
        assert_ok(compose_plan(ROOT, rows[i].text, rows[i].process, &plan, &err));
        assert_string_equal(plan.process.command_line, rows[i].command);
    }
}

TEST(environment_of_image_files_and_options)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = make_scratch();
    CLEANUP(str_free) char *path = fs_join(directory, "env");
    assert_ok(fs_write_file(path, "b=file\nC=file\n", 14, &err));
    /* --env wins wherever it stands, as with docker. */
    CLEANUP(str_free) char *text = str_format("-e|c=option|--env-file|%s|cmd", path);
    CLEANUP(plan_clear) struct run_plan plan = {0};
    assert_ok(compose_plan(ROOT, text, "{\"Env\":[\"A=image\",\"B=image\"]}", &plan, &err));
    CLEANUP(str_free) char *joined = strlist_join(&plan.environment, "|");
    assert_string_equal(joined, "A=image|b=file|c=option");
    remove_scratch(&directory);
}

TEST(names_and_places_come_from_the_run_id)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    assert_ok(compose_plan("root", "--keep|cmd", "{}", &plan, &err));
    assert_string_equal(plan.run_id, RUN_ID);
    assert_string_equal(plan.container_id, "wrun-" RUN_ID);
    assert_string_equal(plan.name, "wrun-" RUN_ID);
    assert_string_equal(plan.hostname, "0a1b2c3d4e5f");
    assert_string_equal(plan.endpoint_name, "wrun-0a1b2c3d4e5f");
    assert_string_equal(plan.image, "localhost:5000/demo/app:1");
    CLEANUP(str_free) char *runs = fs_join("root", "runs");
    CLEANUP(str_free) char *directory = fs_join(runs, RUN_ID);
    assert_string_equal(plan.run_directory, directory);
    assert_true(plan.keep);
    assert_true(plan.use_network);
}

TEST(what_cannot_be_planned)
{
    struct error err = {0};
    struct run_plan plan;
    CLEANUP(str_free) char *huge = xmalloc(40001);
    memset(huge, 'x', 40000);
    huge[40000] = 0;
    assert_fails(compose_plan(ROOT, huge, "{}", &plan, &err), ERR_USAGE, "Windows accepts");
    assert_null(plan.command_line);
    assert_fails(compose_plan(ROOT, "", "{}", &plan, &err), ERR_USAGE, "command");
    assert_fails(compose_plan(ROOT, "--entrypoint=", "{\"Cmd\":[\"a\"]}", &plan, &err), ERR_USAGE,
                 "command");
    assert_null(plan.container_id);
}

TEST(the_printed_plan_has_every_step_and_document)
{
    static const char *const steps[] = {
        "record the run",
        "make the writable layer",
        "find the host's NAT network",
        "make a network namespace",
        "make an endpoint",
        "put the endpoint into the namespace",
        "create and start the container",
        "run the process",
        "shut the container down",
        "remove endpoint and namespace",
        "unmount the writable layer",
        "remove the writable layer",
    };
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(compose_plan(ROOT, "cmd", "{}", &plan, &err));
    assert_ok(plan_print_json(&plan, &text, &err));
    assert_ok(json_parse(text, strlen(text), &json_default_limits, &document, &err));
    assert_string_equal(json_member_string(document.root, "digest"), IMAGE_DIGEST);
    const struct json_value *step = json_member(document.root, "steps")->first;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++, step = step->next) {
        assert_non_null(step);
        assert_true(str_starts_with(json_member_string(step, "step"), steps[i]));
    }
    assert_null(step);
    CLEANUP(str_free) char *endpoint = NULL;
    assert_ok(plan_endpoint_document(&plan, NULL, &endpoint, &err));
    assert_non_null(strstr(endpoint, "\"Name\":\"wrun-0a1b2c3d4e5f\""));
}

TEST(the_plan_for_people_leaves_out_what_is_not_done)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(str_free) char *text = NULL;
    /* U+009B starts an escape sequence on some terminals; JSON lets it pass. */
    assert_ok(compose_plan(ROOT, "--keep|--network|none|cmd|\xc2\x9b", "{}", &plan, &err));
    assert_ok(plan_print_text(&plan, &text, &err));
    assert_non_null(strstr(text, "HcsCreateComputeSystem"));
    assert_non_null(strstr(text, "\"CommandLine\":\"cmd ??\""));
    assert_null(strstr(text, "Hcn"));
    assert_null(strstr(text, "DestroyLayer"));
}

TEST(a_named_layer_stays)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(str_free) char *text = NULL;
    assert_ok(compose_plan(ROOT, "--layer|One|cmd", "{}", &plan, &err));
    assert_string_equal(plan.layer, "One");
    assert_string_equal(plan.image, "One");
    assert_true(str_ends_with(plan.scratch_directory, layer_scratch));
    assert_ok(plan_print_text(&plan, &text, &err));
    assert_non_null(strstr(text, "mount the named layer"));
    assert_null(strstr(text, "DestroyLayer"));
}

TEST(a_bigger_disk_is_made_before_it_is_mounted)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(str_free) char *text = NULL;
    assert_ok(compose_plan(ROOT, "--storage-opt|size=60GB|cmd", "{}", &plan, &err));
    assert_ok(plan_print_json(&plan, &text, &err));
    assert_non_null(strstr(text, "\"storageBytes\": 64424509440"));
    assert_non_null(strstr(text, "ExpandSandboxSize, ActivateLayer"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_that_says_everything),
        cmocka_unit_test(options_go_before_the_image),
        cmocka_unit_test(mounts_keep_their_order_and_no_network_has_no_namespace),
        cmocka_unit_test(commands),
        cmocka_unit_test(environment_of_image_files_and_options),
        cmocka_unit_test(names_and_places_come_from_the_run_id),
        cmocka_unit_test(what_cannot_be_planned),
        cmocka_unit_test(the_printed_plan_has_every_step_and_document),
        cmocka_unit_test(the_plan_for_people_leaves_out_what_is_not_done),
        cmocka_unit_test(a_named_layer_stays),
        cmocka_unit_test(a_bigger_disk_is_made_before_it_is_mounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
