# What a person types. Each target installs what it lacks (scripts/deps.sh, Debian), builds what it needs and says how it went.
# JOBS=N sets the number of parallel compilations, PREFIX and DESTDIR where `make install` puts the program.

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 30

.PHONY: kills all demo test check build bench bench-functions format clean install fuzz coverage binary power syscalls chaos server-postgres server-mariadb

all: build

# The release binary at build/streamrun.
build: binary
	@ls -l build/streamrun | awk '{printf "build/streamrun: %.1f MB\n", $$5 / 1e6}'

binary: build/CMakeCache.txt
	@cmake --build build --target streamrun -j $(JOBS)

build/CMakeCache.txt:
	@scripts/deps.sh build
	@cmake --preset release >/dev/null

# Words of a live TCP stream, counted before your eyes.
demo: binary
	@scripts/demo.sh

# Every test against the release binary.
test:
	@scripts/deps.sh build servers
	@cmake --preset release >/dev/null
	@cmake --build build -j $(JOBS)
	@ctest --test-dir build --output-on-failure -j $(JOBS)

# Format, tidy, layers, sizes, names, generated files, links and examples of the documentation.
check: binary
	@scripts/deps.sh build check
	@scripts/check.sh

# A database for the samples, on a free port of loopback: `make server-postgres`, `make server-mariadb`. Prints its url; stops after an hour.
server-postgres server-mariadb: server-%:
	@scripts/deps.sh servers
	@scripts/servers.sh start $* /tmp/streamrun-$* 0

# Speed, beside mawk and the machine's own limits in the same run.
bench: binary
	@scripts/deps.sh build bench
	@bench/run.py

# Rows per second of every function and aggregate.
bench-functions: binary
	@bench/functions.py

format:
	@scripts/deps.sh check
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

install: binary
	@cmake --install build --prefix "$(PREFIX)"

# Runs each fuzz target for FUZZ_SECONDS.
fuzz:
	@scripts/deps.sh build fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build build-fuzz --target fuzz_targets -j $(JOBS)
	@scripts/fuzz.sh $(FUZZ_SECONDS)

# Branches of the durability core that tests take; those that only exceptions and broken promises of ours take are not counted.
GCOVR_DURABILITY = gcovr --root . --filter engine/durability/ --object-directory build-coverage --gcov-ignore-parse-errors \
	--exclude-throw-branches --exclude-unreachable-branches --exclude-branches-by-pattern '.*SR_CHECK.*' --branches --txt

# Line and branch coverage of the tests, by folder.
coverage:
	@scripts/deps.sh build coverage
	@cmake --preset coverage >/dev/null
	@cmake --build build-coverage -j $(JOBS)
	@ctest --test-dir build-coverage --output-on-failure -j $(JOBS)
	@gcovr --root . --exclude tests/ --exclude build --object-directory build-coverage --gcov-ignore-parse-errors --txt
	@$(GCOVR_DURABILITY)

# kill -9 at random instants, 200 times with files, SQLite and PostgreSQL and 100 times with a socket; then the books must balance.
kills: binary
	@scripts/deps.sh servers
	@python3 tests/chaos/kills.py build/streamrun

# Power cuts on a file system in a file (root), and each system call that makes something durable failed or made the last.
power: binary
	@scripts/deps.sh chaos
	@python3 tests/chaos/power.py build/streamrun
syscalls: binary
	@scripts/deps.sh chaos
	@python3 tests/chaos/syscalls.py build/streamrun

# All three, in a quarter of an hour; power cuts are left out where they cannot be made.
chaos: binary
	@scripts/deps.sh servers chaos
	@python3 tests/chaos/kills.py build/streamrun
	@python3 tests/chaos/power.py build/streamrun || [ $$? -eq 77 ]
	@python3 tests/chaos/syscalls.py build/streamrun

clean:
	@rm -rf build build-debug build-lto build-asan build-tsan build-fuzz build-coverage
