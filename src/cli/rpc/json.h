/* SPDX-License-Identifier: MIT */
/* json.h - the one place where the protocol gets its JSON from. */
#ifndef CLI_RPC_JSON_H
#define CLI_RPC_JSON_H

#include <jansson.h>

#endif
