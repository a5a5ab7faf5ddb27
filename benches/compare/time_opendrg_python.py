#!/usr/bin/env python3
"""Times the Python edition of OpenDRG, fetched beside this project, on converted records.

    time_opendrg_python.py FOLDER EDITION opendrg.csv result.csv

FOLDER is the checked-out project, EDITION one of its groupers, e.g. `chs_drg_11`. Loading its
tables, reading the file and grouping are timed apart; the result has the columns Index and drg.
Each record goes through `group` as its `MedicalRecord` with numbers as numbers: its text entry
`group_record` leaves them text, on which the conditions for newborns and for sex do not work.
"""

import csv
import importlib
import resource
import sys
import time


NUMBERS = {"gender", "age", "ageDay", "weight", "inHospitalTime"}


def record_of(row, kind):
    """A row as their record; an empty number is none."""
    number = lambda text: int(float(text)) if text else None
    return kind(**{name: number(text) if name in NUMBERS else text for name, text in row.items()})


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder, edition, records, result = sys.argv[1:]
    sys.path.insert(0, folder)
    start = time.process_time()
    kind = importlib.import_module(f"drg_group.{edition}.Base").MedicalRecord
    grouper = importlib.import_module(f"drg_group.{edition}.GroupProxy").GroupProxy()
    loaded = time.process_time()
    with open(records, encoding="utf-8", newline="") as file:
        rows = [record_of(row, kind) for row in csv.DictReader(file)]
    read = time.process_time()
    answers = [grouper.group(row) for row in rows]
    grouped = time.process_time()
    with open(result, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["Index", "status", "drg"])
        out.writerows([answer.Index, answer.status, answer.drg] for answer in answers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"load {loaded - start:.2f} s, read {read - loaded:.2f} s, group {grouped - read:.2f} s "
          f"for {len(rows)} records: {len(rows) / (grouped - read):.0f} a second, peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
