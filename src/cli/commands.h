/* SPDX-License-Identifier: MIT */
/* commands.h - the commands, each in its own file; command_table of main.c has them in the order of help. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "opt.h"

extern const command command_init;
extern const command command_plan;
extern const command command_apply;
extern const command command_approve;
extern const command command_resume;
extern const command command_status;
extern const command command_history;
extern const command command_rollback;
extern const command command_attic;
extern const command command_uninstall;
extern const command command_diff;
extern const command command_inspect;
extern const command command_rules;
extern const command command_cache;
extern const command command_rpc;
extern const command command_version;
extern const command command_completion;
extern const command command_help;

#endif
