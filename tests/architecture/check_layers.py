#!/usr/bin/env python3
"""Fails on an #include that goes up the line of layers, between operators, or to a third-party library from a foreign folder."""
import re
import sys

from cpp_source import read, sources, strip

LAYERS = ["engine/base", "engine/observe", "engine/data", "engine/expr", "engine/loop", "engine/state", "engine/flow",
          "engine/durability", "engine/runtime", "specs", "operators", "cli"]

# Where a library may be included from. Each has one home; what is not named here is not part of the product.
LIBRARIES = {
    r"yaml-cpp/": r"specs/yaml_",
    r"uv\.h": r"engine/loop/",
    r"CLI/": r"cli/",
    r"xxhash\.h": r"engine/base/hash\.h",
    r"pcre2\.h": r"engine/expr/",
    r"openssl/": r"engine/expr/",
    r"zlib\.h": r"engine/expr/",
    r"simdjson\.h": r"engine/data/|engine/expr/|operators/formats/",
    r"date/": r"engine/data/|engine/expr/",
    r"sqlite3\.h": r"operators/sqlite/",
    r"libpq-fe\.h": r"operators/postgres/",
    r"(mysql|errmsg|mysqld_error)\.h": r"operators/mysql/",
    r"nlohmann/": r"engine/observe/|engine/data/|engine/expr/cast_variant\.|engine/runtime/|specs/|operators/|cli/|tests/",
    r"fmt/": r".",
    r"catch2/": r"tests/",
    r"benchmark/": r"bench/",
}
SYSTEM = re.compile(r"^(sys|netinet|arpa|net|linux)/|^(unistd|fcntl|netdb|dirent|poll|termios|signal|pthread|dlfcn|link|malloc|sched|spawn|fnmatch)\.h$")
SYSTEM_HOMES = re.compile(r"^(engine/base/(\w+_real|posix_error)|engine/loop/|operators/postgres/driver\.cc$|cli/|tests/|bench/)")  # libpq leaves waiting to its user
INTRINSICS = re.compile(r"^([a-z]mmintrin|immintrin|arm_neon|x86intrin)\.h$")


def layer(path):
    for index, name in enumerate(LAYERS):
        if path.startswith(name + "/"):
            return index
    return None


def own_problem(path, target):
    here, there = layer(path), layer(target)
    if path.startswith(("tests/", "bench/")):
        return None
    if there is None:
        return f"includes `{target}`, which is in no layer"
    if there > here:
        return f"includes `{target}`: {LAYERS[there]} is above {LAYERS[here]}"
    if path.startswith("operators/"):
        if target.startswith(("engine/runtime/", "engine/durability/")):
            return f"includes `{target}`: operators know the contract (engine/flow), not the machine"
        parts = target.split("/")
        shared = len(parts) == 2 or parts[1] in ("formats", "support")
        if target.startswith("operators/") and not shared and "/".join(parts[:2]) != "/".join(path.split("/")[:2]):
            return f"includes `{target}`: operators do not know each other"
    return None


def library_problem(path, target):
    if SYSTEM.search(target):
        return None if SYSTEM_HOMES.search(path) else f"includes <{target}>: the system is called only in engine/base/env_real.cc, engine/loop and cli"
    if INTRINSICS.search(target) or re.fullmatch(r"[a-z_]+", target):
        return None
    for library, homes in LIBRARIES.items():
        if re.match(library, target):
            return None if re.match(homes, path) else f"includes <{target}>, whose home is {homes}"
    return f"includes <{target}>, which no rule knows; see LIBRARIES in tests/architecture/check_layers.py"


def main():
    problems = []
    count = 0
    for path in sources():
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not match:
                continue
            count += 1
            check = own_problem if match.group(1) == '"' else library_problem
            problem = check(path, match.group(2))
            if problem:
                problems.append(f"{path}:{number}: {problem}")
    print("\n".join(problems) if problems else f"{count} includes keep to the layers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
