"""What the tests of the command line share: how a file of them is run."""
import sys


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def run_tests(module):
    """Runs the functions of a module, its globals(), whose names have a `_`; exits with 1 if one failed."""
    tests = [f for name, f in sorted(module.items()) if callable(f) and getattr(f, "__module__", "") == "__main__" and "_" in name]
    failed = 0
    for test in tests:
        try:
            test()
        except Exception as error:  # noqa: BLE001: a failed test is told with its reason
            failed += 1
            print(f"FAIL {test.__name__}: {error!r}"[:2000])
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
