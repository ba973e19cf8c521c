/* SPDX-License-Identifier: MIT */
/* service: the Windows service behind the HCN calls. */
#pragma once

#include "base/error.h"

/* Starts "hns" and waits until it runs; running already is success. It is never stopped or
 * restarted: that would cut the network of every running container. */
bool hcn_service_start(struct error *err) MUST_USE;
