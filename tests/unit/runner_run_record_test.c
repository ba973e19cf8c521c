/* SPDX-License-Identifier: MIT */
#include "run_support.h"
#include "runner/layer_user.h"
#include "runner/run_record.h"
#include "scratch_fixture.h"

#define CONTAINER_ID "wrun-" RUN_ID

/* A run of the fixed id, or of another one that ends in 'digit'. */
static void plan_run(struct run_plan *ret, const char *options, char digit)
{
    struct error err = {0};
    CLEANUP(str_free) char *text = str_format("%s%scmd", options, *options ? "|" : "");
    assert_ok(compose_plan(scratch, text, "{}", ret, &err));
    ret->run_id[RUN_ID_LENGTH - 1] = digit;
    char *const texts[] = {ret->container_id, ret->run_directory, ret->scratch_directory};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        texts[i][strlen(texts[i]) - 1] = digit;
}

static char *record_path(const struct run_plan *plan)
{
    return fs_join(plan->run_directory, "run.json");
}

TEST(a_record_says_what_must_be_removed)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    plan_run(&plan, "--name|one|--keep", '9');
    assert_ok(run_record_create(scratch, &plan, &claim, &err));
    assert_ok(run_record_read(scratch, plan.run_id, &record, &err));
    assert_string_equal(record.run_id, RUN_ID);
    assert_string_equal(record.container_id, plan.container_id);
    assert_string_equal(record.name, "one");
    assert_string_equal(record.scratch_directory, plan.scratch_directory);
    assert_string_equal(record.name_space, "59b1057a-e526-415a-b840-b61662558067");
    assert_string_equal(record.endpoint, "e2b1057a-e526-415a-b840-b61662558067");
    assert_true(record.keep);
    assert_false(record.done);
    assert_true(record.process_id != 0);
}

TEST(a_run_on_a_named_layer_says_so)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    CLEANUP(run_record_clear) struct run_record user = {0};
    plan_run(&plan, "--layer|One|--name|job", '9');
    str_free(&plan.scratch_directory);
    plan.scratch_directory = str_format("%s/scratch/%s", scratch, layer_scratch);
    assert_ok(run_record_create(scratch, &plan, &claim, &err));
    assert_ok(run_record_read(scratch, plan.run_id, &record, &err));
    assert_string_equal(record.layer, "One");
    assert_ok(layer_user_find(scratch, "one", &user, &err));
    assert_string_equal(user.name, "job");
    assert_fails(layer_user_find(scratch, "two", &user, &err), ERR_NOT_FOUND, "'two'");

    const struct invocation invocation = {.root = scratch};
    error_set(&err, ERR_BUSY, "taken");
    assert_fails(layer_user_explain(&invocation, "ONE", &err), ERR_BUSY,
                 "the layer 'ONE' is in use by the run 'job' (process ");
    error_set(&err, ERR_BUSY, "taken");
    assert_fails(layer_user_explain(&invocation, "two", &err), ERR_BUSY, "taken");
    error_set(&err, ERR_OS, "broken");
    assert_fails(layer_user_explain(&invocation, "one", &err), ERR_OS, "broken");
}

TEST(a_run_without_network_records_none)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    plan_run(&plan, "--network|none", '9');
    assert_ok(run_record_create(scratch, &plan, &claim, &err));
    assert_ok(run_record_read(scratch, plan.run_id, &record, &err));
    assert_null(record.name_space);
    assert_null(record.endpoint);
}

TEST(names_and_ids_are_taken_once)
{
    static const char *const taken[] = {"ONE", RUN_ID, CONTAINER_ID};
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan first = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    plan_run(&first, "--name|one", '9');
    assert_ok(run_record_create(scratch, &first, &claim, &err));
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
        CLEANUP(plan_clear) struct run_plan second = {0};
        CLEANUP(run_record_close) struct run_claim other = {0};
        CLEANUP(str_free) char *option = str_format("--name|%s", taken[i]);
        plan_run(&second, option, '1');
        assert_fails(run_record_create(scratch, &second, &other, &err), ERR_BUSY, "exists");
        assert_null(other.directory);
        assert_int_equal(fs_type_of(second.run_directory), FS_ABSENT);
    }
    CLEANUP(plan_clear) struct run_plan third = {0};
    CLEANUP(run_record_close) struct run_claim other = {0};
    plan_run(&third, "--name|two", '1');
    assert_ok(run_record_create(scratch, &third, &other, &err));
}

TEST(a_run_is_found_by_every_name_it_has)
{
    static const char *const names[] = {"one", "One", RUN_ID, CONTAINER_ID};
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    plan_run(&plan, "--name|one", '9');
    assert_ok(run_record_create(scratch, &plan, &claim, &err));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(run_record_clear) struct run_record record = {0};
        assert_ok(run_record_find(scratch, names[i], &record, &err));
        assert_string_equal(record.run_id, RUN_ID);
    }
    struct run_record record = {0};
    assert_fails(run_record_find(scratch, "on", &record, &err), ERR_NOT_FOUND, "no run named 'on'");
    assert_fails(run_record_find(scratch, "", &record, &err), ERR_NOT_FOUND, "no run named");
}

TEST(an_orphan_is_adopted_only_after_its_owner)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    CLEANUP(run_record_close) struct run_claim adopted = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    plan_run(&plan, "", '9');
    assert_ok(run_record_create(scratch, &plan, &claim, &err));
    assert_fails(run_record_adopt(scratch, RUN_ID, &adopted, &record, &err), ERR_BUSY, "");
    assert_null(adopted.directory);
    run_record_close(&claim);
    assert_ok(run_record_adopt(scratch, RUN_ID, &adopted, &record, &err));
    assert_string_equal(record.container_id, "wrun-" RUN_ID);
    assert_ok(run_record_remove(scratch, &adopted, &err));
    CLEANUP(strlist_clear) struct strlist ids = {0};
    assert_ok(run_record_list(scratch, &ids, &err));
    assert_int_equal(ids.count, 0);
}

TEST(a_kept_run_is_done_and_keeps_its_name)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    CLEANUP(run_record_close) struct run_claim claim = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    plan_run(&plan, "--keep|--name|one", '9');
    assert_ok(run_record_create(scratch, &plan, &claim, &err));
    assert_ok(run_record_finish(&claim, &err));
    run_record_close(&claim);
    assert_ok(run_record_read(scratch, RUN_ID, &record, &err));
    assert_true(record.done);
    CLEANUP(plan_clear) struct run_plan second = {0};
    plan_run(&second, "--name|one", '1');
    assert_false(run_record_create(scratch, &second, &claim, &err));
    assert_string_equal(err.hint, "'wrun rm one' removes it");
    check_error(&err, ERR_BUSY, "was kept", "create");
}

/* What a kill leaves at the very beginning and end of a record's life. */
TEST(halves_of_a_record_are_listed_and_empty)
{
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    plan_run(&plan, "", '9');
    CLEANUP(str_free) char *runs = fs_join(scratch, "runs");
    CLEANUP(str_free) char *lock = str_format("%s.lock", plan.run_directory);
    assert_ok(fs_make_directories(runs, &err));
    for (int with_directory = 0; with_directory < 2; with_directory++) {
        CLEANUP(strlist_clear) struct strlist ids = {0};
        CLEANUP(run_record_close) struct run_claim claim = {0};
        CLEANUP(run_record_clear) struct run_record record = {0};
        assert_ok(fs_write_file(lock, "", 0, &err));
        if (with_directory)
            assert_ok(fs_make_directories(plan.run_directory, &err));
        assert_ok(run_record_list(scratch, &ids, &err));
        assert_int_equal(ids.count, 1);
        assert_string_equal(ids.items[0], RUN_ID);
        assert_ok(run_record_adopt(scratch, RUN_ID, &claim, &record, &err));
        assert_null(record.run_id);
        assert_ok(run_record_remove(scratch, &claim, &err));
        assert_int_equal(fs_type_of(lock), FS_ABSENT);
    }
}

TEST(records_that_cannot_be_trusted)
{
    static const struct {
        const char *content;
        const char *says;
    } rows[] = {
        {"", "run.json"},
        {"{\"id\":", "run.json"},
        {"[]", "run.json"},
        {"{\"id\":\"" RUN_ID "\"}", "containerId"},
        {"{\"id\":7,\"containerId\":\"c\",\"name\":\"n\",\"scratch\":\"s\"}", "id"},
        {"{\"id\":\"x\",\"containerId\":\"c\",\"name\":\"n\",\"scratch\":\"s\"}",
         "not the record of its run"},
        {"{\"id\":\"\",\"containerId\":\"c\",\"name\":\"n\",\"scratch\":\"s\"}",
         "not the record of its run"},
        {"{\"id\":\"0a1b2c3d4e5f60718293a4b5c6d7e8f8\",\"containerId\":\"c\",\"name\":\"n\","
         "\"scratch\":\"s\"}",
         "not the record of its run"},
        {"{\"id\":\"" RUN_ID "\",\"containerId\":\"other\",\"name\":\"n\",\"scratch\":\"" RUN_ID
         "\"}",
         "not the record of its run"},
        {"{\"id\":\"" RUN_ID "\",\"containerId\":\"" CONTAINER_ID
         "\",\"name\":\"n\",\"scratch\":\"C:\\\\Windows\"}",
         "not the record of its run"},
    };
    struct error err = {0};
    CLEANUP(plan_clear) struct run_plan plan = {0};
    plan_run(&plan, "--name|n", '9');
    assert_ok(fs_make_directories(plan.run_directory, &err));
    CLEANUP(str_free) char *path = record_path(&plan);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct run_record record = {0};
        struct run_claim claim = {0};
        assert_ok(fs_write_file(path, rows[i].content, strlen(rows[i].content), &err));
        assert_fails(run_record_read(scratch, RUN_ID, &record, &err), ERR_INTEGRITY, rows[i].says);
        assert_fails(run_record_adopt(scratch, RUN_ID, &claim, &record, &err), ERR_INTEGRITY,
                     rows[i].says);
        assert_null(claim.directory);
        assert_null(record.run_id);
        assert_fails(run_record_find(scratch, "n", &record, &err), ERR_NOT_FOUND, "no run named");
    }
}

TEST(a_missing_record_is_not_found)
{
    struct error err = {0};
    struct run_record record = {0};
    CLEANUP(strlist_clear) struct strlist ids = {0};
    assert_ok(run_record_list(scratch, &ids, &err));
    assert_int_equal(ids.count, 0);
    assert_fails(run_record_read(scratch, RUN_ID, &record, &err), ERR_NOT_FOUND, RUN_ID);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_record_says_what_must_be_removed),
        CASE(a_run_on_a_named_layer_says_so),
        CASE(a_run_without_network_records_none),
        CASE(names_and_ids_are_taken_once),
        CASE(a_run_is_found_by_every_name_it_has),
        CASE(an_orphan_is_adopted_only_after_its_owner),
        CASE(a_kept_run_is_done_and_keeps_its_name),
        CASE(halves_of_a_record_are_listed_and_empty),
        CASE(records_that_cannot_be_trusted),
        CASE(a_missing_record_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
