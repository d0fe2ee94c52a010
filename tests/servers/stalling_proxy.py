"""A TCP proxy that goes silent: once a client has said `mark`, nothing of that connection is passed on any more, and it stays open."""
import socket
import threading


class StallingProxy:
    def __init__(self, port, mark):
        self.target, self.mark, self.stalled = port, mark, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for side in self.open:
            side.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self.open += [client, server]
            threading.Thread(target=self.forward, args=(client, server), daemon=True).start()
            threading.Thread(target=self.forward, args=(server, client), daemon=True).start()

    def forward(self, here, there):
        try:
            while data := here.recv(65536):
                if self.mark in data:
                    self.stalled.set()
                    return
                there.sendall(data)
        except OSError:
            pass
