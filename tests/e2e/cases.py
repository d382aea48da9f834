"""Runs the test functions of a script and prints what became of each, as cmocka does."""

import sys
import traceback


class Skipped(Exception):
    """Raised by a test, or by what prepares it, that cannot run here; its text says why."""


def run(names, prepare=lambda: ((), lambda failed: None)):
    """Calls each test_* of `names` (a script's globals()), in the order in which they are written;
    of those whose names hold one of the script's arguments, where it has any.

    `prepare` gives, for each test, its arguments and what to call behind it with whether it failed.
    Gives how many failed."""
    wanted = sys.argv[1:]
    count = 0
    for name, test in [(n, t) for n, t in names.items() if n.startswith("test_")]:
        if wanted and not any(part in name for part in wanted):
            continue
        failed, finish = False, None
        try:
            arguments, finish = prepare()
            test(*arguments)
            print(f"[       OK ] {name}", flush=True)
        except Skipped as reason:
            print(f"[  SKIPPED ] {name}\n{reason}", flush=True)
        except Exception:  # pylint: disable=broad-except  # the others run all the same
            traceback.print_exc()
            print(f"[  FAILED  ] {name}", flush=True)
            failed = True
        if finish:
            finish(failed)
        count += failed
    return count


def run_with(names, *arguments):
    """The same, every test with the same arguments."""
    return run(names, lambda: (arguments, lambda failed: None))
