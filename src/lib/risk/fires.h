/* SPDX-License-Identifier: MIT */
/* fires.h - inside this room: whether each rule holds for a change. 1 or 0. */
#ifndef MO_RISK_FIRES_H
#define MO_RISK_FIRES_H

#include "risk/risk.h"

/* From here on a table or an index is large: what is done to all of it takes seconds, in which writers wait. */
#define MO_LARGE_ROWS 500000
#define MO_LARGE_BYTES (256LL << 20)

int mo_rule_creates(const mo_risk_subject *s);
int mo_rule_drops_table(const mo_risk_subject *s);
int mo_rule_drops_virtual_table(const mo_risk_subject *s);
int mo_rule_drops_index(const mo_risk_subject *s);
int mo_rule_drops_view(const mo_risk_subject *s);
int mo_rule_drops_trigger(const mo_risk_subject *s);
int mo_rule_renames_table(const mo_risk_subject *s);
int mo_rule_alters_unique_index(const mo_risk_subject *s);
int mo_rule_alters_index(const mo_risk_subject *s);
int mo_rule_alters_view(const mo_risk_subject *s);
int mo_rule_alters_trigger(const mo_risk_subject *s);
int mo_rule_alters_virtual_table(const mo_risk_subject *s);
int mo_rule_drops_routine(const mo_risk_subject *s);
int mo_rule_alters_routine(const mo_risk_subject *s);
int mo_rule_drops_policy(const mo_risk_subject *s);
int mo_rule_alters_policy(const mo_risk_subject *s);
int mo_rule_adds_not_null_column(const mo_risk_subject *s);
int mo_rule_adds_column(const mo_risk_subject *s);
int mo_rule_drops_column(const mo_risk_subject *s);
int mo_rule_drops_generated_column(const mo_risk_subject *s);
int mo_rule_renames_column(const mo_risk_subject *s);
int mo_rule_changes_type(const mo_risk_subject *s);
int mo_rule_sets_not_null(const mo_risk_subject *s);
int mo_rule_drops_not_null(const mo_risk_subject *s);
int mo_rule_changes_conflict(const mo_risk_subject *s);
int mo_rule_changes_default(const mo_risk_subject *s);
int mo_rule_changes_collation(const mo_risk_subject *s);
int mo_rule_changes_generated(const mo_risk_subject *s);
int mo_rule_changes_column_order(const mo_risk_subject *s);
int mo_rule_renames_constraint(const mo_risk_subject *s);
int mo_rule_changes_primary_key(const mo_risk_subject *s);
int mo_rule_adds_check(const mo_risk_subject *s);
int mo_rule_alters_check(const mo_risk_subject *s);
int mo_rule_drops_check(const mo_risk_subject *s);
int mo_rule_adds_unique(const mo_risk_subject *s);
int mo_rule_alters_unique(const mo_risk_subject *s);
int mo_rule_drops_unique(const mo_risk_subject *s);
int mo_rule_adds_foreign_key(const mo_risk_subject *s);
int mo_rule_alters_foreign_key(const mo_risk_subject *s);
int mo_rule_drops_foreign_key(const mo_risk_subject *s);
int mo_rule_sets_strict(const mo_risk_subject *s);
int mo_rule_drops_strict(const mo_risk_subject *s);
int mo_rule_enables_row_security(const mo_risk_subject *s);
int mo_rule_disables_row_security(const mo_risk_subject *s);
int mo_rule_changes_other_option(const mo_risk_subject *s);
int mo_rule_never(const mo_risk_subject *s);
int mo_rule_drops_index_of_key(const mo_risk_subject *s);
int mo_rule_creates_unique_index(const mo_risk_subject *s);
int mo_rule_builds_large_index(const mo_risk_subject *s);
int mo_rule_adds_computed_default(const mo_risk_subject *s);
int mo_rule_drops_primary_key(const mo_risk_subject *s);
int mo_rule_adds_cascade(const mo_risk_subject *s);
int mo_rule_rebuilds_large_table(const mo_risk_subject *s);
int mo_rule_runs_hook(const mo_risk_subject *s);

#endif
