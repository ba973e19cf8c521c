/* SPDX-License-Identifier: MIT */
/* privilege: what an administrator's token holds but does not have switched on. */
#pragma once

#include "base/error.h"

/* Enables SeBackupPrivilege, SeRestorePrivilege and SeSecurityPrivilege for the whole process,
 * which is what creating and deleting the files of a layer takes: with them, opens for backup
 * intent are granted whatever the access list says. ERR_DENIED, with a hint, when the token lacks
 * one. */
bool privilege_enable_for_layers(struct error *err) MUST_USE;
