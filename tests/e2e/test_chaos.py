#!/usr/bin/python3
"""A few seconds of chaos.py, with every kind of strike at least once."""
import argparse
import os
import sys
import traceback

import chaos

NAME = "test_what_was_acknowledged_is_stored_once_whatever_is_killed_stopped_cut_or_full"


def main():
    options = argparse.Namespace(seed=int(os.environ.get("SEED", "1")), projects=3000,
                                 per_strike=150, every=100, seconds=120)
    try:
        kept = chaos.run(options)
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        kept = False
    print(f"[       OK ] {NAME}" if kept else f"[  FAILED  ] {NAME}")
    return 0 if kept else 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a cable of a failed test may still run
