#!/usr/bin/env python3
"""Records of the neutral layout -> the input of the public OpenDRG groupers.

    to_opendrg.py records.csv > opendrg.csv

Their ten columns, in their order. Lists stay separated by `|`. Their weight is one number for
every age, their reader takes an empty number as 0, and a newborn without weight is refused there:
such records are counted on standard error, since the two groupers then answer different questions.
"""

import csv
import sys

COLUMNS = ["Index", "gender", "age", "ageDay", "weight", "dept", "inHospitalTime", "leavingType",
           "zdList", "ssList"]
FROM = ["case_id", "sex", "age", "age_days", "weight_g", "department", "los_days",
        "discharge_status", "diagnoses", "procedures"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in FROM if name not in (rows.fieldnames or [])]
        if missing:
            sys.exit(f"{sys.argv[1]}: columns missing: {', '.join(missing)}")
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(COLUMNS)
        records = newborns = 0
        for row in rows:
            records += 1
            newborns += row["age"] == "0" and not (row["age_days"] and row["weight_g"])
            out.writerow([row[name] for name in FROM])
    print(f"{records} records; {newborns} under one year without age in days or weight", file=sys.stderr)


if __name__ == "__main__":
    main()
