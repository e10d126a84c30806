"""Edits of who answers for what and by when, of tables, teams, connections and the rest of the settings."""

from __future__ import annotations

from tests.sync.diff.pairs import ACCOUNTS, COMPANY, DEAL, ERP, PRICES, SETTINGS, TERMS
from tests.sync.diff.verdicts import APPROVAL, BREAKING, FINANCE, PROOF, SAFE, pair

PROMISES = {
    "the owner changes": pair(
        DEAL, "value: sales-ops\n", "value: finance\n", APPROVAL, "owner_changed", "owner", "from sales-ops to finance",
        "sales-ops", "finance", by=("sales-ops",)
    ),
    "the backup is removed": pair(
        DEAL, "  - property: backup\n    value: revops\n", "", APPROVAL, "backup_changed", "backup", "is removed", "revops",
        by=FINANCE
    ),
    "the approvers change": pair(
        DEAL, "value: [finance]", "value: [finance, revops]", APPROVAL, "approvers_changed", "approvers", "changes",
        "finance", "finance, revops", by=FINANCE
    ),
    "a clock is loosened twice": pair(
        DEAL, "respond: 4h, resolve: 8h", "respond: 4h, resolve: 16h", APPROVAL, "clock_loosened",
        "reasons.missing_account.resolve", "loosened", "8h", "16h"
    ),
    "a clock is tightened": pair(
        DEAL, "respond: 60m, resolve: 24h", "respond: 30m, resolve: 24h", APPROVAL, "clock_tightened",
        "reasons.price_off_list.respond", "tightened", "1h", "30m"
    ),
    "a reason goes to another team": pair(
        DEAL, "missing_account: {team: marketing-ops", "missing_account: {team: crm-ops", APPROVAL, "route_changed",
        "reasons.missing_account.team", "another team", "marketing-ops", "crm-ops", by=FINANCE
    ),
    "a reason has another class": pair(
        DEAL, "price_off_list: {team: finance, class: A", "price_off_list: {team: finance, class: B", APPROVAL,
        "class_changed", "reasons.price_off_list.class", "another class", "A", "B", by=FINANCE
    ),
    "billing is no longer held": pair(
        DEAL, "resolve: 24h, holds_billing: true}", "resolve: 24h, holds_billing: false}", APPROVAL, "billing_hold_changed",
        "reasons.missing_billing_code.holds_billing", "holds billing otherwise", "true", "false"
    ),
    "the contract repeats what the reason says": pair(
        DEAL, "amount_mismatch: {team: sales-ops, class: B}", "amount_mismatch: {class: B}", SAFE, "route_same",
        "reasons.amount_mismatch.team", "says anyway"
    ),
    "the promised latency is loosened beyond measure": pair(
        DEAL, "{property: latency, value: 15, unit: m", "{property: latency, value: 2, unit: h", BREAKING, "sla_loosened",
        "sla.latency", "8 times", "15m", "2h"
    ),
    "the promised time to resolve is loosened": pair(
        DEAL, "{property: timeToResolve, value: 24, unit: h}", "{property: timeToResolve, value: 2, unit: d}", APPROVAL,
        "sla_loosened", "sla.timeToResolve", "loosened"
    ),
    "a promise is withdrawn": pair(
        DEAL, "  - {property: frequency, value: 5, unit: m}\n", "", APPROVAL, "sla_withdrawn", "sla.frequency", "withdrawn",
        "5m"
    ),
    "the promised retention changes": pair(
        DEAL, "{property: retention, value: 2, unit: y}", "{property: retention, value: 9, unit: y}", APPROVAL,
        "retention_changed", "sla.retention", "changes", "2y", "9y"
    ),
    "a quality rule lets more through": pair(
        DEAL, "mustBeLessThan: 10", "mustBeLessThan: 99", PROOF, "quality_loosened", "quality.late", "loosened", "10", "99"
    ),
    "a quality rule is removed": pair(
        DEAL,
        "      - {name: late, type: sql, query: 'SELECT count(*) FROM deals WHERE stale', mustBeLessThan: 10, severity: error}\n",
        "", PROOF, "quality_removed", "quality.late", "is removed"
    ),
    "a quality rule is less severe": pair(
        DEAL, "severity: error", "severity: info", APPROVAL, "quality_severity", "quality.late", "severity", "error", "info"
    ),
    "a quality rule looks elsewhere": pair(
        DEAL, "WHERE stale", "WHERE old", PROOF, "quality_changed", "quality.late", "query"
    ),
    "the source of truth moves": pair(
        DEAL, "invoices: ERP", "invoices: CRM", APPROVAL, "source_of_truth_changed", "source_of_truth", "changes"
    ),
    "the runbook is written anew": pair(
        COMPANY, "the task there names both", "ask both", SAFE, "runbook_changed", "runbook", "changes"
    ),
    "the version is raised": pair(
        COMPANY, "version: 1.0.0", "version: 1.1.0", SAFE, "version_raised", "version", "1.1.0", "1.0.0", "1.1.0"
    ),
    "the version is kept": pair(
        COMPANY, "businessName: City", "businessName: Town", SAFE, "version_kept", "version", "stays version 1.0.0"
    ),
}  # fmt: skip


SURROUNDINGS = {
    "prices change": pair(
        PRICES, "1190.00", "1290.00", PROOF, "rows_changed", "list_price", "1 row", "Atlas Basic 1190.00",
        "Atlas Basic 1290.00", by=FINANCE
    ),
    "an account changes": pair(
        PRICES, "1190.00,EUR,4000", "1190.00,EUR,4100", PROOF, "rows_changed", "account", "1 row", "Atlas Basic 4000",
        "Atlas Basic 4100", by=FINANCE
    ),
    "a product is new": pair(
        PRICES, "Kumo Edge,", "Kumo Core,Kumo Core,1.00,JPY,4000\nKumo Edge,", PROOF, "rows_added", "", "1 row new", "",
        "Kumo Core"
    ),
    "a product goes": pair(
        PRICES, "Onboarding Day,\"Onboarding, one day on site\",1400.00,EUR,4100\n", "", PROOF, "rows_removed", "",
        "1 row removed", "Onboarding Day"
    ),
    "a product is called otherwise": pair(
        PRICES, "Atlas Basic workstation", "Atlas workstation", SAFE, "rows_changed", "name", "no flow decides by it"
    ),
    "payment terms are new": pair(
        TERMS, "NET60,", "NET90,90 days net,90\nNET60,", PROOF, "rows_added", "", "1 row new", "", "NET90"
    ),
    "a table that no flow reads changes": pair(
        ACCOUNTS, "4100,Services", "4100,Service", SAFE, "rows_changed", "name", "no flow decides by it"
    ),
    "a team's cards go elsewhere": pair(
        SETTINGS, "channel: C0FINANCE0", "channel: C0REVOPS00", APPROVAL, "channel_changed", "channel", "another channel",
        "C0FINANCE0", "C0REVOPS00", by=FINANCE
    ),
    "another person answers": pair(
        SETTINGS, "owner: U0FAYE0001", "owner: U0OMAR0001", APPROVAL, "owner_changed", "owner", "another person", by=FINANCE
    ),
    "another person approves": pair(
        SETTINGS, "approvers: [U0PRIYA001]", "approvers: [U0DANA0001]", APPROVAL, "approvers_changed", "approvers",
        "other people", "U0PRIYA001", "U0DANA0001", by=("sales-ops",)
    ),
    "a team works on another calendar": pair(
        SETTINGS, "calendar: emea", "calendar: always", APPROVAL, "calendar_changed", "calendar", "another calendar", "emea",
        "always"
    ),
    "other people take turns": pair(
        SETTINGS, "people: [U0OMAR0001, U0MIRA0001]", "people: [U0OMAR0001, U0DANA0001]", APPROVAL, "on_call_changed",
        "on_call.people", "on call", by=("crm-ops",)
    ),
    "the approvers hear later": pair(
        SETTINGS, "{to: approvers, after: 2h}", "{to: approvers, after: 3h}", APPROVAL, "escalation_changed",
        "escalation", "nobody answers", by=("crm-ops",)
    ),
    "the working hours change": pair(
        SETTINGS, "09:00-17:30", "09:00-16:30", APPROVAL, "calendar_changed", "closes", "clocks", "1050", "990"
    ),
    "another address": pair(
        SETTINGS, "base_url: env:ERP_URL", "base_url: env:ERP_URL_2", PROOF, "address_changed", "base_url",
        "another address", "env:ERP_URL", "env:ERP_URL_2", by=("revops",)
    ),
    "another credential": pair(
        SETTINGS, "token: env:ERP_TOKEN", "token: env:ERP_KEY", APPROVAL, "secret_changed", "token", "credential"
    ),
    "another secret for signatures": pair(
        SETTINGS, "env:HUBSPOT_CLIENT_SECRET", "env:HUBSPOT_SECRET", APPROVAL, "secret_changed", "client_secret", "credential"
    ),
    "another kind of connection": pair(
        SETTINGS, "kind: hubspot", "kind: salesforce", PROOF, "connection_changed", "kind", "another kind", "hubspot",
        "salesforce"
    ),
    "the ERP is spoken to otherwise": pair(
        ERP, "posted: [posted]", "posted: [posted, paid]", PROOF, "description_changed", "describe.entities.invoice.posted",
        "spoken to"
    ),
    "a lost answer is looked up sooner": pair(
        SETTINGS, "quarantine: 5s", "quarantine: 1s", APPROVAL, "quarantine_changed", "quarantine", "looked up", "5s", "1s"
    ),
    "payloads are kept for longer": pair(
        SETTINGS, "snapshots: 90d", "snapshots: 365d", APPROVAL, "retention_changed", "retention.snapshots", "kept", "90d",
        "365d"
    ),
    "digests come later": pair(
        SETTINGS, 'at: "08:30"', 'at: "09:30"', APPROVAL, "digests_changed", "digests.at", "digests", "08:30", "09:30"
    ),
    "the weekly pack comes on another day": pair(
        SETTINGS, "day: mon, at:", "day: tue, at:", APPROVAL, "packs_changed", "packs.weekly.day", "packs", "mon", "tue"
    ),
    "a lease is longer": pair(
        SETTINGS, "lease: 60s", "lease: 90s", APPROVAL, "engine_changed", "engine.lease", "engine", "1m", "90s"
    ),
    "a flag is on for more records": pair(
        SETTINGS, "newer: {share: 10%}", "newer: {share: 20%}", PROOF, "flag_changed", "flags.newer.share", "other records", "0.1", "0.2",
        by=("revops",)
    ),
    "the company is called otherwise": pair(
        SETTINGS, "name: Northwind Trading", "name: Northwind", SAFE, "words_changed", "name", "called otherwise"
    ),
}  # fmt: skip
