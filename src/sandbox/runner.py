"""Runs one engine of a sandbox, or waits to clean up after all of them.

    runner.py detached|attached clickhouse EXTENSION
    runner.py detached|attached kafka JAVA JARS CLUSTER_ID
    runner.py reaper NAME...

The working directory is the engine's own folder (for the reaper: the sandbox). An attached engine
lives no longer than whoever holds the other end of its stdin; a detached one stays.
"""

import ctypes
import fcntl
import importlib.machinery
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import types

PR_SET_PDEATHSIG = 1
# Small heap, one collector thread, no optimising compiler: a broker for tests is up in 3 s on 340 MB.
JVM = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
# Brokers log to stderr, which is the engine's output file.
JVM += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
REAP_WITHIN = 30.0


def hold_alive_lock():
    """Holds a lock for as long as the engine lives: inherited, so it also covers a process we start."""
    lock = os.open("alive.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock, True)


def exit_with_parent():
    """Ends this process when stdin does: the parent's end of the pipe closes however the parent dies."""

    def watch():
        while os.read(0, 4096):
            pass
        # No clean-up of ours may delay this; the kernel ends what we started (see die_with).
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def die_with(supervisor):
    """For the child, before it becomes java: it is killed when its supervisor is gone."""

    def prepare():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            # The supervisor went between fork and prctl: nobody would send the signal.
            os._exit(1)

    return prepare


def clickhouse(extension):
    # Importing the package opens and closes a connection, after which no Kafka table can be created:
    # so an empty module takes its name and only the extension is loaded.
    sys.modules["chdb"] = types.ModuleType("chdb")
    loader = importlib.machinery.ExtensionFileLoader("chdb._chdb", extension)
    spec = importlib.util.spec_from_file_location("chdb._chdb", extension, loader=loader)
    engine = importlib.util.module_from_spec(spec)
    sys.modules["chdb._chdb"] = engine
    loader.exec_module(engine)
    # The engine serves only while a query runs, hence one that runs for ten years.
    # The format stays TSV: it becomes the server's default output format.
    result = engine.query(
        "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; "
        "SELECT sleepEachRow(3) FROM numbers(100000000) SETTINGS max_block_size = 1, "
        "function_sleep_max_microseconds_per_block = 0, max_execution_time = 0",
        "TSV",
        path=os.path.join(os.getcwd(), "data"),
    )
    sys.exit(f"the engine stopped serving: {result}")


def kafka(attached, java, jars, cluster_id):
    command = [java, *JVM, "-cp", os.path.join(jars, "*")]
    steps = [[*command, "kafka.Kafka", "server.properties"]]
    if not os.path.exists("data/meta.properties"):
        steps.insert(0, [*command, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", "server.properties"])
    prepare = die_with(os.getpid()) if attached else None
    current = None

    def forward(number, _frame):
        if current is None:
            sys.exit(128 + number)
        current.send_signal(number)

    # Even while formatting, a stop asked of the supervisor reaches java.
    signal.signal(signal.SIGTERM, forward)
    for step in steps:
        if step is steps[-1] and not attached:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.execv(java, step)
        current = subprocess.Popen(step, stdin=subprocess.DEVNULL, preexec_fn=prepare, close_fds=False)
        code = current.wait()
        if code != 0:
            sys.exit(f"{step[-3] if step is not steps[-1] else 'kafka'} ended with code {code}")


def reaper(names):
    """Waits for the parent's end, then for every engine's, and removes what the sandbox made."""
    while os.read(0, 4096):
        pass
    give_up = time.monotonic() + REAP_WITHIN
    for name in names:
        try:
            with open(os.path.join(name, "alive.lock"), "a") as lock:
                while time.monotonic() < give_up:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        time.sleep(0.02)
        except FileNotFoundError:
            continue
    # Only what is ours goes: somebody may have put files of their own beside it.
    root = os.getcwd()
    for name in names:
        shutil.rmtree(name, ignore_errors=True)
    for name in ("runner.py", "sandbox.lock", "sandbox.json"):
        if os.path.exists(name):
            os.unlink(name)
    try:
        os.rmdir(root)
    except OSError:
        pass


def main(mode, *rest):
    # A session of its own: neither Ctrl-C nor the end of the terminal reaches the engines.
    os.setsid()
    # Nor do they keep anything of the program that started them: a lock or a pipe it happens to pass
    # on would stay taken for as long as they live.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    if mode == "reaper":
        return reaper(rest)
    kind, *arguments = rest
    hold_alive_lock()
    if mode == "attached":
        exit_with_parent()
    if kind == "kafka":
        return kafka(mode == "attached", *arguments)
    return clickhouse(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
