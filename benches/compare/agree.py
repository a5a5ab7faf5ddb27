#!/usr/bin/env python3
"""How far two groupers agree, case by case.

    agree.py grouped.csv result.csv

grouped.csv is what `dianzhi group` wrote, result.csv what the other grouper gave, with the columns
Index and drg (and status, if it has one). Ambiguous and ungrouped cases are outcomes like any
other. Records that either side refused are counted and not compared.
"""

import collections
import csv
import sys

SHOWN = 20


def column(path, key, value, status=None):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        return {row[key]: (row[value], row.get(status) or "") for row in rows}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ours = column(sys.argv[1], "case_id", "group", "status")
    theirs = column(sys.argv[2], "Index", "drg", "status")
    only_ours = sorted(ours.keys() - theirs.keys())
    only_theirs = sorted(theirs.keys() - ours.keys())
    differ = collections.Counter()
    examples = {}
    same = refused = 0
    for case in sorted(ours.keys() & theirs.keys()):
        (mine, my_status), (other, other_status) = ours[case], theirs[case]
        if my_status == "rejected" or "不通过" in other_status:
            refused += 1
        elif mine == other:
            same += 1
        else:
            differ[mine, other] += 1
            examples.setdefault((mine, other), case)
    compared = same + sum(differ.values())
    print(f"compared {compared}: same {same}, differ {compared - same}")
    print(f"refused by either {refused}, only in ours {len(only_ours)}, only in theirs {len(only_theirs)}")
    for (mine, other), count in sorted(differ.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]:
        print(f"  {count:>6}  ours {mine:<6} theirs {other:<6}  e.g. {examples[mine, other]}")


if __name__ == "__main__":
    main()
