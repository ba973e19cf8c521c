/* SPDX-License-Identifier: MIT */
#include "hcs/document.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"

static void put_layer(struct json_writer *w, const struct hcs_layer *layer)
{
    char id[GUID_TEXT_SIZE];
    guid_format(&layer->id, id);
    JSON_OBJECT(w, NULL) {
        json_string(w, "Id", id);
        json_string(w, "Path", layer->path);
    }
}

static void put_mount(struct json_writer *w, const struct hcs_mount *mount)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "HostPath", mount->host_path);
        json_string(w, "ContainerPath", mount->container_path);
        json_opt_bool(w, "ReadOnly", mount->read_only);
    }
}

static void put_pipe(struct json_writer *w, const struct hcs_pipe *pipe)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "ContainerPipeName", pipe->container_name);
        json_string(w, "HostPath", pipe->host_path);
    }
}

static void put_storage(struct json_writer *w, const struct hcs_container_spec *spec)
{
    /* HCS takes the volume only with its final backslash, as hcsshim ensures too. */
    CLEANUP(str_free)
    char *path = str_format("%s%s", spec->scratch_volume,
                            str_ends_with(spec->scratch_volume, "\\") ? "" : "\\");
    JSON_OBJECT(w, "Storage") {
        JSON_ARRAY(w, "Layers") {
            for (size_t i = 0; i < spec->layer_count; i++)
                put_layer(w, &spec->layers[i]);
        }
        json_string(w, "Path", path);
        if (spec->storage_iops || spec->storage_bandwidth)
            JSON_OBJECT(w, "QoS") {
                json_opt_uint(w, "IopsMaximum", spec->storage_iops);
                json_opt_uint(w, "BandwidthMaximum", spec->storage_bandwidth);
            }
    }
}

static void put_mounts(struct json_writer *w, const struct hcs_container_spec *spec)
{
    if (spec->mount_count > 0)
        JSON_ARRAY(w, "MappedDirectories") {
            for (size_t i = 0; i < spec->mount_count; i++)
                put_mount(w, &spec->mounts[i]);
        }
    if (spec->pipe_count > 0)
        JSON_ARRAY(w, "MappedPipes") {
            for (size_t i = 0; i < spec->pipe_count; i++)
                put_pipe(w, &spec->pipes[i]);
        }
}

static void put_limits(struct json_writer *w, const struct hcs_container_spec *spec)
{
    static const char *const cpu_members[] = {
        [HCS_CPU_COUNT] = "Count",
        [HCS_CPU_MAXIMUM] = "Maximum",
        [HCS_CPU_WEIGHT] = "Weight",
    };
    if (spec->memory_mb > 0)
        JSON_OBJECT(w, "Memory") {
            json_uint(w, "SizeInMB", spec->memory_mb);
        }
    /* Server 2019 takes an empty Processor for a count and then refuses the other limits (hcsshim
     * commit 8439a2ae6), so the object is there only when it says something. */
    if (spec->cpu_limit != HCS_CPU_UNLIMITED)
        JSON_OBJECT(w, "Processor") {
            json_uint(w, cpu_members[spec->cpu_limit], spec->cpu_value);
        }
}

static void put_networking(struct json_writer *w, const struct hcs_container_spec *spec)
{
    if (!spec->network_namespace)
        return;
    CLEANUP(str_free) char *search = spec->dns_search ? strlist_join(spec->dns_search, ",") : NULL;
    JSON_OBJECT(w, "Networking") {
        json_opt_bool(w, "AllowUnqualifiedDnsQuery", spec->allow_unqualified_dns);
        json_opt_string(w, "DnsSearchList", search);
        json_string(w, "Namespace", spec->network_namespace);
    }
}

bool hcs_document_compose(const struct hcs_container_spec *spec, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);

    JSON_OBJECT(&w, NULL) {
        json_string(&w, "Owner", HCS_OWNER);
        JSON_OBJECT(&w, "SchemaVersion") {
            json_uint(&w, "Major", 2);
            json_uint(&w, "Minor", 1);
        }
        JSON_OBJECT(&w, "Container") {
            if (spec->hostname)
                JSON_OBJECT(&w, "GuestOs") {
                    json_string(&w, "HostName", spec->hostname);
                }
            put_storage(&w, spec);
            put_mounts(&w, spec);
            put_limits(&w, spec);
            put_networking(&w, spec);
        }
        /* Ties the container's life to ours: if wrun dies, HCS kills the container. */
        json_bool(&w, "ShouldTerminateOnLastHandleClosed", true);
    }
    return json_writer_finish(&w, ret, err) || error_wrap(err, "compose the container document");
}

bool hcs_document_query_owner(const char *owner, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);

    JSON_OBJECT(&w, NULL) {
        JSON_ARRAY(&w, "Owners") {
            json_string(&w, NULL, owner);
        }
        JSON_ARRAY(&w, "Types") {
            json_string(&w, NULL, "Container");
        }
    }
    return json_writer_finish(&w, ret, err) || error_wrap(err, "compose the query for containers");
}
