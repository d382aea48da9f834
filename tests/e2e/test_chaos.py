#!/usr/bin/python3
"""A few seconds of chaos.py, with every kind of strike at least once."""
import argparse
import os
import sys

import cases
import chaos


def test_what_was_acknowledged_is_stored_once_whatever_is_killed_stopped_cut_or_full():
    options = argparse.Namespace(seed=int(os.environ.get("SEED", "1")), projects=3000,
                                 per_strike=150, every=100, seconds=120)
    assert chaos.run(options)


def main():
    return 1 if cases.run(globals()) else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a cable of a failed test may still run
