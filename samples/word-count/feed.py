#!/usr/bin/env python3
"""Serves licenses.txt to the first TCP client, a few hundred lines a second, then closes.

usage: feed.py PORT [SECONDS]      listens on 127.0.0.1; PORT 0 picks a free one; prints the port on stdout
"""
import pathlib
import socket
import sys
import time


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    lines = (pathlib.Path(__file__).parent / "licenses.txt").read_bytes().splitlines(keepends=True)
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
        print(server.getsockname()[1], flush=True)
        client, _ = server.accept()
    steps = max(1, int(seconds * 20))
    start = time.monotonic()
    with client:
        for step in range(steps):
            client.sendall(b"".join(lines[len(lines) * step // steps:len(lines) * (step + 1) // steps]))
            time.sleep(max(0.0, start + (step + 1) * seconds / steps - time.monotonic()))


if __name__ == "__main__":
    main()
