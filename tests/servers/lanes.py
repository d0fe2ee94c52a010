"""Sinks with several connections against real servers."""
import shutil
import signal

from stalling_proxy import StallingProxy
from world import DURABLE, KINDS, WAIT, sink_of, until

ROWS = "6000 6000 17997000"
ASKED = "select concat(count(*), ' ', count(distinct id), ' ', sum(id)) from "


def killed_connections(world):
    """with several connections every row is there once, whether the job or the server is killed, and however many there were before"""
    for kind in KINDS:
        for mode in ("", ", mode: upsert, key: id"):
            text = DURABLE.format(name="lanes", sink=sink_of(kind), url=world.urls[kind]).replace("2000/s", "500/s")  # slower than any machine asks
            world.ask(kind, "drop table if exists lanes")
            path, rows, killed = world.job("lanes", text.replace("table: lanes", "table: lanes" + mode)), 0, 0

            def more(running):
                nonlocal rows
                rows += 400
                until(lambda: int(world.ask(kind, "select count(*) from lanes") or 0) > rows or running.poll() is not None, f"{rows} rows")

            for connections in (4, 4, 2, 1, 16, 3):
                running = world.run(path, "--set", f"sinks.out.connections={connections}")
                if connections == 4:
                    more(running)
                    world.server("kill", kind)
                    world.start(kind)
                more(running)
                running.kill()
                _, error = running.communicate()
                assert running.returncode in (0, -signal.SIGKILL), error
                killed += running.returncode != 0
            assert killed >= 2, "the job was done too early"
            running = world.run(path, "--set", "sinks.out.connections=4")
            _, error = running.communicate(timeout=WAIT)
            assert running.returncode == 0, error
            assert world.ask(kind, ASKED + "lanes") == ROWS, (kind, mode, world.ask(kind, ASKED + "lanes"))
            batches = world.ask(kind, "select concat(count(*), ' ', count(distinct batch)) from streamrun_commit where job = 'lanes'")
            assert batches == "4 1", batches
            world.ask(kind, "delete from streamrun_commit where job = 'lanes'")
            shutil.rmtree(world.folder / "lanes-state")


def blocked_connections(world):
    """a table whose rows wait for one another is written all the same, by one connection"""
    world.ask("postgres", "create table blocked (id bigint, text text); create table blocked_count (rows bigint); insert into blocked_count values (0);"
              "create function count_row() returns trigger language plpgsql as 'begin update blocked_count set rows = rows + 1; return new; end';"
              "create trigger count_row before insert on blocked for each row execute function count_row()")
    text = DURABLE.format(name="blocked", sink="postgres", url=world.urls["postgres"]).replace("50ms, max_records: 500", "2s, max_records: 6000")
    running = world.run(world.job("blocked", text), "--set", "sinks.out.connections=16")
    _, error = running.communicate(timeout=2 * WAIT)
    assert running.returncode == 0 and "perhaps the connections of this sink wait for one another" in error, error
    assert world.ask("postgres", ASKED + "blocked") == ROWS
    assert world.ask("postgres", "select rows from blocked_count") == "6000"


def deferred_constraint(world):
    """a constraint that is checked at the end of a transaction leaves nothing of a batch that breaks it, on no connection"""
    world.ask("postgres", "create table late_parent (id bigint primary key); insert into late_parent select generate_series(0, 5998);"
              "create table late (id bigint references late_parent deferrable initially deferred, text text)")
    text = DURABLE.format(name="late", sink="postgres", url=world.urls["postgres"])
    path = world.job("late", text)
    running = world.run(path, "--set", "sinks.out.connections=4")
    _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 4 and "late_id_fkey" in error and "next_attempt_ms" not in error, error
    rows = int(world.ask("postgres", "select count(*) from late"))
    assert world.ask("postgres", "select count(distinct batch) from streamrun_commit where job = 'late'") == "1"
    assert world.ask("postgres", "select coalesce(max(id) + 1, 0) from late") == str(rows), "a part of a batch is there"
    world.ask("postgres", "insert into late_parent values (5999)")
    running = world.run(path, "--set", "sinks.out.connections=4")
    _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 0, error
    assert world.ask("postgres", ASKED + "late") == ROWS


def silent_connection(world):
    """a signal ends a job in time where one of several connections has stopped answering"""
    with StallingProxy(int(world.port("postgres")), b"(2 of 4)' FOR UPDATE") as proxy:
        url = world.urls["postgres"].replace(world.port("postgres"), str(proxy.port))
        text = DURABLE.format(name="mute", sink="postgres", url=url) + "shutdown: {timeout: 300ms}\n"
        running = world.run(world.job("mute", text), "--set", "sinks.out.connections=4")
        until(proxy.stalled.is_set, "a batch")
        running.send_signal(signal.SIGTERM)
        _, error = running.communicate(timeout=WAIT)
    assert running.returncode == 4 and "sink `out` takes batch" in error, error
