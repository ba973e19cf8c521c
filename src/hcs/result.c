/* SPDX-License-Identifier: MIT */
#include "hcs/result.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/text.h"

static bool parse(const char *text, enum json_type type, struct json_document *ret,
                  struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    if (!json_parse(text, strlen(text), &json_default_limits, &document, err))
        return false;
    if (document.root->type != type) {
        json_error(document.root, err, "not %s", type == JSON_MAP ? "an object" : "a list");
        return false;
    }
    *ret = TAKE(document);
    return true;
}

/* ---- result documents ---- */

static const char *first_event_message(const struct json_value *result)
{
    const struct json_value *events = json_member(result, "ErrorEvents");
    if (!events || events->type != JSON_LIST)
        return NULL;
    for (const struct json_value *event = events->first; event; event = event->next) {
        const char *message = json_member_string(event, "Message");
        if (message && *message)
            return message;
    }
    return NULL;
}

char *hcs_result_message(const char *document)
{
    enum { LONGEST = 500 };
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(json_document_clear) struct json_document json = {0};
    if (!document || !*document || !parse(document, JSON_MAP, &json, &ignored))
        return NULL;

    const char *message = json_member_string(json.root, "ErrorMessage");
    if (!message || !*message)
        message = first_event_message(json.root);
    return message ? str_printable(message, LONGEST) : NULL;
}

/* ---- process status ---- */

/* Codes are unsigned in the schema, but HRESULTs arrive as signed numbers too. */
static bool to_code(const struct json_value *value, void *target, struct error *err)
{
    int64_t number = 0;
    if (!json_to_int64(value, &number, err))
        return false;
    if (number < INT32_MIN || number > (int64_t)UINT32_MAX)
        return json_error(value, err, "not a 32-bit number");
    *(uint32_t *)target = (uint32_t)number;
    return true;
}

static const struct json_field process_status_fields[] = {
    {"ProcessId", to_code, offsetof(struct hcs_process_status, process_id), JSON_OPTIONAL},
    {"Exited", json_to_bool, offsetof(struct hcs_process_status, exited), JSON_OPTIONAL},
    {"ExitCode", to_code, offsetof(struct hcs_process_status, exit_code), JSON_OPTIONAL},
    {"LastWaitResult", to_code, offsetof(struct hcs_process_status, last_wait_result),
     JSON_OPTIONAL},
};

bool hcs_process_status_parse(const char *text, struct hcs_process_status *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document json = {0};
    struct hcs_process_status status = {0};
    if (!parse(text, JSON_MAP, &json, err)
        || !json_read_fields(json.root, process_status_fields, ARRAY_SIZE(process_status_fields),
                             &status, err))
        return error_wrap(err, "status of the process");
    *ret = status;
    return true;
}

/* ---- properties of systems ---- */

static const struct json_field properties_fields[] = {
    {"Id", json_to_string, offsetof(struct hcs_system_properties, id), JSON_REQUIRED},
    {"Owner", json_to_string, offsetof(struct hcs_system_properties, owner), JSON_OPTIONAL},
    {"State", json_to_string, offsetof(struct hcs_system_properties, state), JSON_OPTIONAL},
};

static bool read_properties(const struct json_value *value, struct hcs_system_properties *ret,
                            struct error *err)
{
    CLEANUP(hcs_system_properties_clear) struct hcs_system_properties properties = {0};
    if (value->type != JSON_MAP)
        return json_error(value, err, "not an object");
    if (!json_read_fields(value, properties_fields, ARRAY_SIZE(properties_fields), &properties,
                          err))
        return false;
    *ret = TAKE(properties);
    return true;
}

bool hcs_system_properties_parse(const char *text, struct hcs_system_properties *ret,
                                 struct error *err)
{
    CLEANUP(json_document_clear) struct json_document json = {0};
    if (!parse(text, JSON_MAP, &json, err) || !read_properties(json.root, ret, err))
        return error_wrap(err, "properties of the container");
    return true;
}

void hcs_system_properties_clear(struct hcs_system_properties *properties)
{
    str_free(&properties->id);
    str_free(&properties->owner);
    str_free(&properties->state);
}

bool hcs_system_list_parse(const char *text, const char *owner, struct strlist *ret,
                           struct error *err)
{
    CLEANUP(strlist_clear) struct strlist ids = {0};
    CLEANUP(json_document_clear) struct json_document json = {0};
    if (text && *text && !parse(text, JSON_LIST, &json, err))
        return error_wrap(err, "list of containers");

    const struct json_value *value = json.root ? json.root->first : NULL;
    for (; value; value = value->next) {
        CLEANUP(hcs_system_properties_clear) struct hcs_system_properties properties = {0};
        if (!read_properties(value, &properties, err))
            return error_wrap(err, "list of containers");
        if (str_equal_nocase(properties.owner, owner))
            strlist_add_owned(&ids, TAKE(properties.id));
    }
    *ret = TAKE(ids);
    return true;
}
