"""A TCP proxy that loses one reply: after a client has said `mark`, the server's answer to the next COMMIT is dropped with the connection.
The server has committed, the client cannot know."""
import socket
import threading


class LossyProxy:
    def __init__(self, port, mark):
        self.target, self.mark, self.lost = port, mark, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            state = {"marked": False, "drop": False}
            threading.Thread(target=self.forward, args=(client, server, state), daemon=True).start()
            threading.Thread(target=self.answer, args=(server, client, state), daemon=True).start()

    def forward(self, client, server, state):
        try:
            while data := client.recv(65536):
                state["marked"] = state["marked"] or self.mark in data
                if state["marked"] and b"COMMIT" in data and not self.lost:
                    self.lost = state["drop"] = True
                server.sendall(data)
        except OSError:
            pass
        self.end(server)

    def answer(self, server, client, state):
        try:
            while data := server.recv(65536):
                if state["drop"]:
                    break
                client.sendall(data)
        except OSError:
            pass
        self.end(client)
        self.end(server)

    @staticmethod
    def end(side):
        try:
            side.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.listener.close()
