"""The tests: those of a few minutes, or all of them.

    python -m tests.run [--all] [pytest arguments]

Each run uses all cores. Left out, unless `--all` is given, are tests marked `thorough`, which train models, fill
large indexes or look at every page in every way, those marked `alone`, which kill processes and run by themselves, and
the second run, on PostgreSQL. In that are no tests that reach no database, nor those marked `once`, to which it makes
no difference. KB_TEST_REQUIRE, a list such as `postgres,redis,rabbitmq,chromium`, turns a missing service into a
failure, and asks for all.
"""

import os
import select
import signal
import subprocess
import sys

from tests import services

NOTHING_COLLECTED = 5
TOGETHER = ["-n", "auto", "--dist", "loadfile"]
FOR_TESTS = ("KB_TEST_", "KB_REAL_")  # what begins so is for tests; all other KB_ variables set up an instance


def environment(**more: str) -> dict[str, str]:
    """The surroundings of a run: no setting of an instance on this machine reaches into it."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(FOR_TESTS) or name[:3] != "KB_"}
    return {**kept, "KB_TEST_PREFIX": services.PREFIX, **more}


def run_pytest(arguments: list[str], surroundings: dict[str, str]) -> tuple[int, str]:
    """Run pytest, showing all it prints as it comes; returns its exit status and its closing line."""
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    command = [sys.executable, "-m", "pytest", "-rfEs", *colour, *arguments]
    process = subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    output, tail = process.stdout.fileno(), b""
    try:
        while True:
            # Until pytest ends, not until its output does: a process that a test forgot would hold that open for ever.
            ended = process.poll() is not None
            ready, _, _ = select.select([output], [], [], 0 if ended else 0.2)
            chunk = os.read(output, 65536) if ready else b""
            if not chunk and (ready or ended):
                break
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            tail = (tail + chunk)[-4096:]
    except (KeyboardInterrupt, SystemExit) as stopped:
        if isinstance(stopped, SystemExit):
            process.send_signal(signal.SIGINT)  # Ctrl-C reaches pytest by itself; either way it still tidies up
        sys.stdout.buffer.write(process.communicate(timeout=60)[0])
        raise
    lines = [line for line in tail.decode(errors="replace").splitlines() if line.strip()]
    return process.wait(), lines[-1] if lines else ""


def main(arguments: list[str]) -> int:
    required = services.required()
    everything = bool(required) or "--all" in arguments
    arguments = [argument for argument in arguments if argument != "--all"]
    found = [services.service(name) for name in services.ADDRESSES]
    missing = [service for service in found if service.problem]
    for service in found:
        print(f"{service.name:<9} {f'not used: {service.problem}' if service.problem else service.shown}")
    if lacking := sorted(required & {service.name for service in missing}):
        print(f"\nNothing was run: KB_TEST_REQUIRE asks for {', '.join(lacking)}.")
        return 1

    print("\nOn SQLite:", flush=True)
    if not everything:
        results = [("SQLite", *run_pytest([*TOGETHER, "-m", "not alone and not thorough", *arguments], environment()))]
    else:
        results = [
            ("SQLite", *run_pytest([*TOGETHER, "-m", "not alone", *arguments], environment())),
            ("Alone", *run_pytest(["-m", "alone", *arguments], environment())),
        ]
    postgres = services.service("postgres")
    if everything and not postgres.problem:
        print("\nOn PostgreSQL:", flush=True)
        results.append(("PostgreSQL", *run_on_postgres(postgres.address, arguments)))

    print()
    for service in missing:
        what = "the whole run on PostgreSQL" if service.name == "postgres" else "what needs it"
        print(f"Not run for want of {service.name}: {what} ({service.problem})")
    if not everything:
        print(
            "Left out: the thorough tests, those that run alone, and the run on PostgreSQL. `make test-all` runs them."
        )
    for name, _, closing in results:
        print(f"{name + ':':<12}{closing}")
    statuses = [abs(status) for _, status, _ in results]
    return max(0 if status == NOTHING_COLLECTED and min(statuses) == 0 else status for status in statuses)


def run_on_postgres(server: str, arguments: list[str]) -> tuple[int, str]:
    """The second run, in a database of its own that is gone afterwards."""
    surroundings = environment(KB_DATABASE_URL=services.database_url(server, services.PREFIX))
    try:
        status, closing = run_pytest([*TOGETHER, "-m", "not once and not alone", *arguments], surroundings)
    finally:
        for worker in range(os.cpu_count() or 1):  # the names that Django and xdist give the test databases
            services.drop_database(server, f"test_{services.PREFIX}_gw{worker}")
    return status, closing


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
