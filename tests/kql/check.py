#!/usr/bin/env python3
"""Compares `tplab report` with the .kql files, run by another engine over the same log.

    pip install duckdb duckdb-kql
    tests/kql/check.py LOG [--now TIME] [--tplab COMMAND]

LOG holds rows of SigninLogs and AADNonInteractiveUserSignInLogs, one a line. They become two DuckDB
tables; `duckdb-kql` translates the queries of docs/kql, with `ago(7d)` counted from --now. Every
number of every row is compared, for both tables. Exit code: 0 equal, 1 not, 2 something is missing.
"""

import argparse
import datetime
import json
import math
import pathlib
import subprocess
import sys

try:
    import duckdb_kql
except ImportError as missing:
    print(f"{missing}; set up with: pip install duckdb duckdb-kql", file=sys.stderr)
    sys.exit(2)

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = {"noninteractive": "AADNonInteractiveUserSignInLogs", "interactive": "SigninLogs"}
# Folder of queries, and the argument that asks for the same.
FORMS = {"duckdb": "--as-published", "newest": "--newest"}
REPORTS = {"per-app": "apps", "per-user": "users", "device-state": "device-state"}
# What the queries look at, with the type that the tables have; the others are left out.
TEXTS = ["Id", "UserPrincipalName", "AppDisplayName", "ResourceDisplayName"]
STRUCTURES = ["ConditionalAccessPolicies", "Status", "TokenProtectionStatusDetails"]


def load(connection, log):
    """Puts each row into the table that it names."""
    for table in TABLES.values():
        # The one table has dynamic columns, the other has the same as text.
        of = "JSON" if table == "SigninLogs" else "VARCHAR"
        columns = ["TimeGenerated TIMESTAMP"]
        columns += [f"{name} VARCHAR" for name in TEXTS] + [f"{name} {of}" for name in STRUCTURES]
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    # DuckDB reads the lines itself, so that a log of any length will do.
    strings = {name: "VARCHAR" for name in ["Type", "TimeGenerated", *TEXTS]}
    strings |= {name: "JSON" for name in STRUCTURES}
    path = str(log).replace("'", "''")
    connection.execute(
        f"CREATE VIEW log AS SELECT * FROM read_json('{path}', format='newline_delimited', "
        f"maximum_object_size=16777216, columns={strings!r})"
    )
    for table in TABLES.values():
        kept = []
        for name in STRUCTURES:
            is_text = f"json_type({name}) = 'VARCHAR'"
            as_text = f"CASE WHEN {is_text} THEN {name}->>'$' ELSE {name}::VARCHAR END"
            kept.append(name if table == "SigninLogs" else as_text)
        connection.execute(
            f"INSERT INTO {table} SELECT TimeGenerated::TIMESTAMPTZ::TIMESTAMP, "
            f"{', '.join(TEXTS)}, {', '.join(kept)} FROM log WHERE Type = '{table}'"
        )
    return {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in TABLES.values()
    }


def by_kql(connection, path, table, now):
    text = path.read_text(encoding="utf-8")
    text = text.replace("AADNonInteractiveUserSignInLogs", table) if table == "SigninLogs" else text
    # The published texts name the tables in comments, too.
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    result = duckdb_kql.kql(connection, text, query_now=now)
    names = result.columns
    return [dict(zip(names, row)) for row in result.fetchall()]


def by_tplab(command, report, form, table, log, now):
    arguments = [*command, "report", report, str(log), form, "--table", table, "--format", "json"]
    done = subprocess.run(
        [*arguments, "--now", now.strftime("%Y-%m-%dT%H:%M:%SZ")], capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)["rows"]


def comparable(rows):
    """Rows in one order, numbers as numbers of two decimals."""
    def cell(value):
        if value is None or isinstance(value, str):
            return value or ""
        return None if math.isnan(float(value)) else round(float(value), 2)

    flat = [{name: cell(value) for name, value in row.items()} for row in rows]
    return sorted(flat, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("log", type=pathlib.Path)
    arguments.add_argument("--now", default="2026-03-10T12:00:00Z")
    arguments.add_argument("--tplab", default="tplab", help="how the command is called")
    given = arguments.parse_args()
    now = datetime.datetime.fromisoformat(given.now.replace("Z", "+00:00"))
    connection = duckdb_kql.connect()
    rows = load(connection, given.log.resolve())
    print(", ".join(f"{count} rows of {table}" for table, count in rows.items()))
    different = 0
    for folder, form in FORMS.items():
        for query, report in REPORTS.items():
            for argument, table in TABLES.items():
                path = ROOT / "docs" / "kql" / folder / f"{query}.kql"
                theirs = comparable(by_kql(connection, path, table, now))
                ours = comparable(
                    by_tplab(given.tplab.split(), report, form, argument, given.log, now)
                )
                equal = theirs == ours
                different += not equal
                word = "equal" if equal else "DIFFERENT"
                print(f"{word}: {folder}/{query}.kql over {table}, {len(ours)} rows")
                if not equal:
                    print(f"  kql:   {theirs}\n  tplab: {ours}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
