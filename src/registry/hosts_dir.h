/* SPDX-License-Identifier: MIT */
/* hosts_dir: the directories in which containerd and Docker keep what they are told about
 * registries (containerd docs/hosts.md, "Registry Host Namespace"; Docker's certs.d).
 *
 * In <directory>/<host>, <directory>/<host>_<port>_ or, where nothing is said about the host,
 * <directory>/_default, there is a hosts.toml, or else certificates: *.crt of authorities, *.cert
 * and *.key of clients. */
#pragma once

#include "registry/hosts_file.h"

/* 'directory' is the one to look in, or NULL: WRUN_HOSTS_DIR, or else the system's own,
 * /etc/containerd/certs.d and /etc/docker/certs.d, on Windows containerd\certs.d in %ProgramFiles%.
 * 'domain' is "host[:port]". *ret is as of an empty file where nothing is said. */
bool hosts_dir_read(const char *directory, const char *domain, struct hosts_file *ret,
                    struct error *err) MUST_USE;
