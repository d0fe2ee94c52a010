#!/usr/bin/env python3
"""Serves made-up searches, `user word` a line, a hundred a second, to one reader at a time. usage: feed.py PORT"""
import random
import socket
import sys
import time

WORDS = ["tea", "rum", "oil", "jam", "nut", "fig", "egg", "rye"]

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        peer, _ = server.accept()
        try:
            while True:
                peer.sendall("".join(f"u{random.randrange(50)} {random.choices(WORDS, range(1, 9))[0]}\n" for _ in range(10)).encode())
                time.sleep(0.1)
        except OSError:
            peer.close()
