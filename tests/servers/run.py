#!/usr/bin/env python3
"""The sinks of databases against real servers: starts PostgreSQL and MariaDB (scripts/servers.sh) in a temporary folder, runs the table
tests of unit_operators against them, then whole jobs while the servers are killed and started again.

usage: run.py STREAMRUN UNIT_OPERATORS     exit 77: a server is not installed (scripts/deps.sh servers)
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lanes import blocked_connections, deferred_constraint, killed_connections, silent_connection
from lossy_proxy import LossyProxy
from stalling_proxy import StallingProxy
from world import DURABLE, JOB, KINDS, SERVERS, WAIT, World, lines_of, sink_of, until


def table_tests(world):
    """every promise of the table sinks, by the unit tests"""
    proxies, env = {}, dict(os.environ)
    for kind, name in (("postgres", "POSTGRES"), ("mariadb", "MYSQL")):
        env[f"STREAMRUN_TEST_{name}"] = world.urls[kind]
        for what in ("LOSSY", "LOSSY_LANES"):
            proxy = proxies[kind, what] = LossyProxy(int(world.port(kind)), b"SET batch = 2 ")
            env[f"STREAMRUN_TEST_{name}_{what}"] = world.urls[kind].replace(world.port(kind), str(proxy.port))
    done = subprocess.run([world.unit, "[tables]"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:]
    for kind, proxy in proxies.items():
        proxy.close()
        assert proxy.lost, f"{kind}: no reply was lost"


def endless(text):
    """The job with a source that has no end: it cannot be over before something happens to it."""
    return text.replace(" rows: 6000,", "")


def server_crashes(world):
    """a server that is killed and comes back is waited for, and no row is lost"""
    for kind in KINDS:
        def count():
            return int(world.ask(kind, "select count(*) from crash") or 0)

        running, said = world.run(world.job("crash", endless(JOB).format(name="crash", sink=sink_of(kind), url=world.urls[kind]))), []
        reader = lines_of(running, said)
        until(lambda: count() > 1000, "the first rows")
        world.server("kill", kind)
        until(lambda: any("next_attempt_ms" in line for line in said) or running.poll() is not None, "an attempt that failed")
        world.start(kind)
        before = count()
        until(lambda: count() > before or running.poll() is not None, "rows after the crash")
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=WAIT) == 0, said
        reader.join()
        rows = count()
        assert rows > before, kind
        wanted = f"{rows} {rows * (rows - 1) // 2} row {max(range(rows), key=str)}"
        assert world.ask(kind, "select concat(count(*), ' ', sum(id), ' ', max(text)) from crash") == wanted, kind


def stop_while_silent(world):
    """a signal ends a job whose server has stopped answering while the sink opens, in time and with exit 4"""
    with StallingProxy(int(world.port("postgres")), b"streamrun_commit") as proxy:
        url = world.urls["postgres"].replace(world.port("postgres"), str(proxy.port))
        text = JOB.format(name="silent", sink="postgres", url=url).replace("checkpoint: none", "checkpoint: {dir: ./silent}")
        running = world.run(world.job("silent", text + "shutdown: {timeout: 300ms}\n"))
        until(proxy.stalled.is_set, "the sink to open")
        running.send_signal(signal.SIGTERM)
        _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 4 and "sink `out` is being opened" in error, error


def stop_while_down(world):
    """a signal ends a job whose server is gone after shutdown.timeout, with exit 4"""
    kind = "postgres"
    text = endless(JOB).format(name="stuck", sink="postgres", url=world.urls[kind]) + "shutdown: {timeout: 300ms}\n"
    running, said = world.run(world.job("stuck", text)), []
    reader = lines_of(running, said)
    until(lambda: int(world.ask(kind, "select count(*) from stuck") or 0) > 100, "the first rows")
    world.server("kill", kind)
    try:
        until(lambda: any("next_attempt_ms" in line for line in said) or running.poll() is not None, "an attempt that failed")
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=WAIT)
    finally:
        running.kill()
        world.start(kind)
    reader.join()
    assert code == 4 and any("shutdown.timeout" in line for line in said), said


def errors_at_start(world):
    """what stops a job at its start says what to do, and shows no password"""
    world.ask("postgres", "create table wrong (id text, other int not null)")
    url = world.urls["postgres"].replace("postgres@", "postgres:sesame@")
    running = world.run(world.job("wrong", JOB.format(name="wrong", sink="postgres", url=url)))
    _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 4, error
    assert error == (
        "streamrun: sink `out`: the table `wrong` does not take these rows:\n"
        "  its column `id` is text; bigint needs bigint, integer, smallint or numeric\n"
        "  it has no column `text` (string)\n"
        "  its column `other` is not in the input, takes no NULL and has no default\n"
        "  it has no unique index over just (id)\n"), error
    text = JOB.format(name="nobody", sink="mysql", url="mysql://app:sesame@127.0.0.1:1/test")
    text = text.replace("connect_timeout: 2s", "on_error: {action: retry, attempts: 2, then: fail}")
    running = world.run(world.job("nobody", text))
    _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 4 and "cannot connect to MySQL" in error and "sesame" not in error, error
    assert error.count("next_attempt_ms") == 1, error
    url = world.urls["mariadb"].replace("app:app@", "app:sesame@")
    running = world.run(world.job("stranger", JOB.format(name="stranger", sink="mysql", url=url)))
    _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 4 and "Access denied" in error and "next_attempt_ms" not in error, error


def fails(world, name, kind, url, options="", prefix=()):
    """What a job says that must stop at its start, without another attempt. `prefix`: words before the command."""
    text = JOB.format(name=name, sink=sink_of(kind), url=url).replace("connect_timeout: 2s", "connect_timeout: 2s" + options)
    path = world.job(name, text)
    running = subprocess.Popen([*prefix, world.binary, str(path)], cwd=world.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    said = []
    reader = lines_of(running, said)
    try:
        code = running.wait(timeout=WAIT)
    except subprocess.TimeoutExpired:
        running.kill()
        raise AssertionError(f"{name} goes on trying: {said}") from None
    reader.join()
    assert code == 4 and not any("next_attempt_ms" in line for line in said), (name, code, said)
    return "".join(said)


def no_such_server(world):
    """a host that does not exist and a server without TLS stop a job; an outage of the name service does not"""
    for kind, scheme in (("postgres", "postgresql://postgres@"), ("mariadb", "mysql://app:app@")):
        error = fails(world, "nowhere", kind, scheme + "no..host/test")
        assert "no..host" in error, error
        error = fails(world, "plain", kind, world.urls[kind], ", tls: require")
        assert "SSL" in error, error
        # A name server that nobody answers for, in a mount namespace of its own; that takes root.
        silent = world.folder / "resolv.conf"
        silent.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
        alone = ["unshare", "-m", "sh", "-c", f'mount --bind {silent} /etc/resolv.conf && exec "$@"', "sh"]
        if subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            print("  not tried: an outage of the name service, which takes the right to mount")
            continue
        path = world.job("outage", JOB.format(name="outage", sink=sink_of(kind), url=scheme + "db.example.com/test"))
        waiting = subprocess.Popen([*alone, world.binary, str(path)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        reader = lines_of(waiting, said)
        until(lambda: len(said) >= 2 or waiting.poll() is not None, "two attempts")
        waiting.send_signal(signal.SIGTERM)
        assert waiting.wait(timeout=WAIT) == 0 and "next_attempt_ms" in said[0], said
        reader.join()


def certificates(folder):
    """Two authorities, and a certificate of the first for 127.0.0.1."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    for name in ("ca", "stranger"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names",
            "-out", "server.crt")


def encrypted(world):
    """`tls: verify` takes a server with the certificate of its authority, and no other"""
    folder = world.folder / "tls"
    folder.mkdir()
    certificates(folder)
    for kind in KINDS:
        key = folder / f"{kind}.key"  # PostgreSQL wants it to be its own and nobody else's to read
        shutil.copy(folder / "server.key", key)
        key.chmod(0o600)
        if kind == "postgres" and os.geteuid() == 0:
            shutil.chown(key, "postgres")
        options = (f"-c ssl=on -c ssl_cert_file={folder}/server.crt -c ssl_key_file={key}" if kind == "postgres" else
                   f"--ssl-cert={folder}/server.crt --ssl-key={key} --ssl-ca={folder}/ca.crt")
        started = subprocess.run([SERVERS, "start", kind, str(folder / kind), "0"], stdout=subprocess.PIPE, text=True, timeout=120,
                                 env={**os.environ, "MAX_LIFE": "600", "SERVER_OPTIONS": options})
        assert started.returncode == 0, kind
        url = started.stdout.strip()
        try:
            for mode in ("require", "verify"):
                tls = f", tls: {mode}" + (f", tls_ca: {folder}/ca.crt" if mode == "verify" else "")
                text = JOB.format(name=mode, sink=sink_of(kind), url=url).replace("connect_timeout: 2s", "connect_timeout: 2s" + tls)
                running = world.run(world.job(mode, text))
                _, error = running.communicate(timeout=WAIT)
                assert running.returncode == 0, (kind, mode, error)
            error = fails(world, "strange", kind, url, f", tls: verify, tls_ca: {folder}/stranger.crt")
            assert "certificate" in error.lower(), error
            error = fails(world, "missing", kind, url, f", tls: verify, tls_ca: {folder}/nowhere.crt")
            assert "cannot connect" in error, error
        finally:
            subprocess.run([SERVERS, "stop", str(folder / kind)], stderr=subprocess.DEVNULL, timeout=60)


def edited_after_a_crash(world):
    """a job that was killed before its first snapshot may be edited: its former text is run again without the secrets that it had"""
    for kind in KINDS:
        def count():
            return int(world.ask(kind, "select count(*) from edited") or 0)

        text = endless(DURABLE).format(name="edited", sink=sink_of(kind), url=world.urls[kind])
        # A password that is also the name of a node; the server does not ask for it.
        known = text.replace("table:", "password: rows, table:") if kind == "postgres" else text
        path = world.job("edited", known)
        running = world.run(path)
        until(lambda: count() > 1000, "the first rows")
        running.kill()
        running.communicate()
        path = world.job("edited", known.replace("password: rows", "password: changed"))
        before = count()
        running, said = world.run(path, "--set", "batch.max_records=400"), []
        reader = lines_of(running, said)
        until(lambda: count() > before and any("before it was edited" in line for line in said) or running.poll() is not None, "rows of the new text")
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=WAIT)
        reader.join()
        assert code == 0 and any("before it was edited" in line for line in said), said
        rows = count()
        assert rows > before, kind
        assert world.ask(kind, "select concat(count(*), ' ', sum(id)) from edited") == f"{rows} {rows * (rows - 1) // 2}", kind
        shutil.rmtree(world.folder / "edited-state")


def down_at_start(world):
    """a server that is down at the start is waited for, with growing delays; a signal ends the wait with exit 0"""
    for kind in KINDS:
        world.server("kill", kind)
        path = world.job("early", JOB.format(name="early", sink=sink_of(kind), url=world.urls[kind]))
        stopped, said = world.run(path), []
        reader = lines_of(stopped, said)
        until(lambda: len(said) >= 3, "three attempts")
        stopped.send_signal(signal.SIGTERM)
        assert stopped.wait(timeout=WAIT) == 0, said
        reader.join()
        waits = [int(line.split("next_attempt_ms=")[1].split()[0]) for line in said if "next_attempt_ms=" in line]
        assert len(waits) >= 3 and waits == sorted(waits) and "cannot connect" in said[0], said
        running, said = world.run(path), []
        reader = lines_of(running, said)
        until(lambda: len(said) >= 2, "two attempts")
        world.start(kind)
        assert running.wait(timeout=WAIT) == 0, said
        reader.join()
        assert world.ask(kind, "select concat(count(*), ' ', sum(id)) from early") == "6000 17997000", kind


def takes_no_rows(world):
    """a server that takes no rows for a while, as it is read-only or ends statements, is waited for"""
    psql = ["psql", "-h", "127.0.0.1", "-p", world.port("postgres"), "-U", "postgres", "-qAt", "test", "-c"]
    shell = {"postgres": psql, "mariadb": ["mariadb", "--no-defaults", "-S", str(world.folder / "mariadb" / "sock"), "-u", "root", "-e"]}

    def admin(kind, sql):  # no time limit holds for this one
        subprocess.run([*shell[kind], sql], check=True, stdout=subprocess.DEVNULL, timeout=WAIT, env={**os.environ, "PGOPTIONS": "-c statement_timeout=0"})

    reload = ("select pg_reload_conf()",)
    trouble = [("postgres", "readonly", ("alter system set default_transaction_read_only = on", *reload),
                ("alter system reset default_transaction_read_only", *reload), "read-only transaction"),
               ("postgres", "limited", ("alter system set statement_timeout = '1ms'", *reload),
                ("alter system reset statement_timeout", *reload), "statement timeout"),
               ("mariadb", "readonly", ("set global read_only = 1",), ("set global read_only = 0",), "read-only")]
    for kind, name, begin, end, says in trouble:
        running, said = world.run(world.job(name, JOB.format(name=name, sink=sink_of(kind), url=world.urls[kind]))), []
        reader = lines_of(running, said)
        until(lambda: int(world.ask(kind, f"select count(*) from {name}") or 0) > 500, "the first rows")
        for sql in begin:
            admin(kind, sql)
        try:
            until(lambda: any(says in line and "next_attempt_ms" in line for line in said) or running.poll() is not None, says)
        finally:
            for sql in end:
                admin(kind, sql)
        assert running.wait(timeout=WAIT) == 0, said
        reader.join()
        assert world.ask(kind, f"select concat(count(*), ' ', sum(id)) from {name}") == "6000 17997000", (kind, name)


def check_env(world):
    """--check-env finds the servers and their tables, and changes nothing"""
    for kind in KINDS:
        path = world.job("probe", JOB.format(name="probe", sink=sink_of(kind), url=world.urls[kind]))
        running = world.run(path, "--dry-run", "--check-env")
        _, error = running.communicate(timeout=WAIT)
        assert running.returncode == 0, error
        assert world.ask(kind, "select count(*) from probe") is None, "a probe made a table"
    bad = world.job("probe", JOB.format(name="probe", sink="postgres", url="postgresql://postgres@127.0.0.1:1/test"))
    running = world.run(bad, "--dry-run", "--check-env")
    _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 3 and "environment: `out`: cannot connect to PostgreSQL" in error, error


def missing_module(world):
    """a driver that is not installed is an error that names its package"""
    alone = world.folder / "alone"
    alone.mkdir()
    binary = shutil.copy(world.binary, alone)
    path = world.job("alone", JOB.format(name="alone", sink="postgres", url=world.urls["postgres"]))
    env = {key: value for key, value in os.environ.items() if key != "STREAMRUN_MODULES"}
    done = subprocess.run([binary, str(path)], env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=WAIT)
    assert done.returncode == 4, done.stderr
    assert "the driver for PostgreSQL is not installed: install the package `streamrun-postgres`" in done.stderr, done.stderr


def main():
    binary, unit = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:3])
    if not shutil.which("mariadbd") or not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        print("skipped: a server is missing; scripts/deps.sh servers installs them")
        return 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="streamrun-servers-"))
    folder.chmod(0o755)  # the servers run as users of their own
    world = World(binary, unit, folder)
    failed = 0
    tests = (table_tests, killed_connections, blocked_connections, deferred_constraint, silent_connection, server_crashes, stop_while_down,
             stop_while_silent, down_at_start, takes_no_rows, errors_at_start, no_such_server, encrypted, edited_after_a_crash, check_env,
             missing_module)
    try:
        for kind in KINDS:
            world.start(kind)
        for test in tests:
            began = time.monotonic()
            try:
                test(world)
                print(f"ok: {test.__doc__} ({time.monotonic() - began:.1f} s)", flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED: {test.__doc__}\n{error}", flush=True)
    finally:
        for kind in KINDS:
            subprocess.run([SERVERS, "stop", str(folder / kind)], stderr=subprocess.DEVNULL, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
