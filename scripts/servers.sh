#!/usr/bin/env bash
# PostgreSQL or MariaDB for tests and samples: one server a folder, on loopback only, stopped by a watchdog at the latest.
#
#   servers.sh start postgres|mariadb DIR PORT    PORT 0: a free one; prints the url of the empty database `test`
#   servers.sh stop DIR                           stops it and leaves the data for the next start
#   servers.sh kill DIR                           SIGKILL, as a crash
#   servers.sh url DIR                            prints the url again
#
# SERVER_OPTIONS: words for the command line of the server, such as those for TLS.
# MAX_LIFE seconds (3600) after its start a server is stopped. DIR must be a folder that user `postgres` can enter.
set -euo pipefail
HOST=127.0.0.1
MAX_LIFE=${MAX_LIFE:-3600}

die() { echo "servers.sh: $*" >&2; exit 1; }
open_port() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }
free_port() { local p; for _ in $(seq 50); do p=$((20000 + RANDOM % 12000)); open_port "$p" || { echo "$p"; return; }; done; die "no free port"; }
born() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# The process that start wrote down, not another one that got its number; a zombie is dead.
alive() {
  local pid at
  [ -e "$DIR/server.pid" ] && read -r pid at <"$DIR/server.pid" || return 1
  [ "$(born "$pid")" = "$at" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" && PID=$pid
}

# Runs as somebody whom the server accepts: PostgreSQL refuses root.
unprivileged=()
[ "$(id -u)" != 0 ] || unprivileged=(setpriv --reuid=postgres --regid=postgres --init-groups)

postgres_start() {
  local bin
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$bin" ] || die "PostgreSQL is missing: scripts/deps.sh servers"
  mkdir -p "$DIR/data" "$DIR/run"
  [ "$(id -u)" != 0 ] || chown -R postgres: "$DIR/data" "$DIR/run"
  if [ ! -e "$DIR/data/PG_VERSION" ]; then
    (cd / && "${unprivileged[@]}" "$bin/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync) >"$DIR/initdb.log" 2>&1 \
      || die "initdb failed, see $DIR/initdb.log"
  fi
  rm -f "$DIR/data/postmaster.pid" "$DIR"/run/.s.PGSQL.*  # its owner is dead, or alive() would have said so
  COMMAND=("${unprivileged[@]}" "$bin/postgres" -D "$DIR/data" -p "$PORT" -c "listen_addresses=$HOST" -c "unix_socket_directories=$DIR/run"
    -c shared_buffers=32MB -c max_connections=20 -c max_wal_size=256MB)
}
postgres_ready() {
  psql -h "$HOST" -p "$PORT" -U postgres -qAtc "select 1 from pg_database where datname = 'test'" postgres | grep -q 1 \
    || psql -h "$HOST" -p "$PORT" -U postgres -qc 'create database test' postgres
}
postgres_url() { echo "postgresql://postgres@$HOST:$PORT/test"; }

mariadb_start() {
  command -v mariadbd >/dev/null || die "MariaDB is missing: scripts/deps.sh servers"
  if [ ! -d "$DIR/data/mysql" ]; then
    mariadb-install-db --no-defaults --datadir="$DIR/data" --user="$(id -un)" --auth-root-authentication-method=normal --skip-test-db \
      >"$DIR/install.log" 2>&1 || die "mariadb-install-db failed, see $DIR/install.log"
  fi
  COMMAND=(mariadbd --no-defaults --user="$(id -un)" --datadir="$DIR/data" --socket="$DIR/sock" --pid-file="$DIR/mariadb.pid"
    --bind-address="$HOST" --port="$PORT" --skip-name-resolve --innodb-buffer-pool-size=32M --performance-schema=OFF --max-connections=20
    --character-set-server=utf8mb4 --collation-server=utf8mb4_bin)
}
mariadb_ready() {
  mariadb --no-defaults -S "$DIR/sock" -u root -e "create database if not exists test;
    create user if not exists app@'$HOST' identified by 'app'; grant all on test.* to app@'$HOST'"
}
mariadb_url() { echo "mysql://app:app@$HOST:$PORT/test"; }

start() {
  exec 9>"$DIR/.lock"
  flock -n 9 || die "another start is under way in $DIR"
  ! alive || die "a server runs in $DIR already (process $PID)"
  [ "$PORT" != 0 ] || PORT=$(free_port)
  for _ in $(seq 50); do open_port "$PORT" || break; sleep 0.1; done  # of a server killed just now
  ! open_port "$PORT" || die "port $PORT is in use"
  "${KIND}_start"
  local more
  read -ra more <<<"${SERVER_OPTIONS:-}"
  setsid "${COMMAND[@]}" "${more[@]}" >"$DIR/server.log" 2>&1 </dev/null 9>&- &
  PID=$!
  trap 'kill -KILL "$PID" 2>/dev/null || true' INT TERM
  while [ -z "$(born "$PID")" ]; do sleep 0.01; done
  echo "$PID $(born "$PID")" >"$DIR/server.pid"
  echo "$KIND $PORT" >"$DIR/server.kind"
  local left=1200
  until "${KIND}_ready" 2>/dev/null; do
    alive && [ $((left -= 1)) -gt 0 ] || { tail -n 20 "$DIR/server.log" >&2; stop; die "$KIND did not start, see $DIR/server.log"; }
    sleep 0.05
  done
  setsid bash -c 'for _ in $(seq "$2"); do sleep 1; read -r p _ <"$1/server.pid" && [ "$p" = "$3" ] && kill -0 "$p" || exit; done; "$0" stop "$1"' \
    "$(readlink -f "$0")" "$DIR" "$MAX_LIFE" "$PID" >/dev/null 2>&1 </dev/null 9>&- &
  "${KIND}_url"
}
stop() {
  alive || return 0
  kill -INT "$PID" 2>/dev/null || true  # PostgreSQL: without waiting for its clients
  [ "$KIND" != mariadb ] || kill -TERM "$PID" 2>/dev/null || true
  for _ in $(seq 200); do alive || break; sleep 0.1; done
  ! alive || kill -KILL "$PID"
  rm -f "$DIR/server.pid"
}
crash() {
  alive || return 0
  local children
  children=$(cat "/proc/$PID/task/$PID/children" 2>/dev/null || true)
  kill -KILL "$PID" $children 2>/dev/null || true
  while alive; do sleep 0.02; done
  rm -f "$DIR/server.pid"
}

usage() { sed -n '4,7s/^#//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
VERB=$1
KIND="" PORT=0
if [ "$VERB" = start ]; then
  [ $# = 4 ] || usage
  KIND=$2 PORT=$4
  [[ $KIND =~ ^(postgres|mariadb)$ && $PORT =~ ^[0-9]+$ ]] || usage
  mkdir -p "$3"
  DIR=$(readlink -f "$3")
else
  DIR=$(readlink -f "$2")
  [ -e "$DIR/server.kind" ] && read -r KIND PORT <"$DIR/server.kind" || die "no server was started in $2"
fi
case $VERB in
  start) start ;;
  stop) stop ;;
  kill) crash ;;
  url) "${KIND}_url" ;;
  *) usage ;;
esac
