"""Servers of our own on this machine: a test says what they answer, and reads what they were asked."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Reply = bytes | list[bytes | Callable[[socket.socket], None]]


@dataclass
class Server:
    """`replies` are what is answered, by path: bytes, or a list of bytes and of functions of the connection; a list
    of lists is one reply a request. Any other path is a 404. `asked` are the paths, in order; `heads` whole requests.
    """

    port: int
    replies: dict[str, Reply | Iterator[Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def pages(self) -> list[str]:
        """What was asked but for robots.txt."""
        return [path for path in self.asked if path != "/robots.txt"]

    def drip(self, piece: bytes, every_s: float = 0.02) -> Callable[[socket.socket], None]:
        """Send `piece` again and again, until the other side has had enough or the test is over."""

        def send(connection: socket.socket) -> None:
            while not self.ended.wait(every_s):
                connection.sendall(piece)

        return send

    def silence(self, connection: socket.socket) -> None:
        """Say nothing until the test is over, or the other side goes."""
        while not self.ended.is_set():
            try:
                if not connection.recv(1000):
                    return
            except TimeoutError:
                continue


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that listens on 127.0.0.1, a thread a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    server = Server(listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def listen() -> None:
        while not server.ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            server.connections += 1
            threads.append(threading.Thread(target=_answer, args=(server, connection, tls), daemon=True))
            threads[-1].start()

    accepting = threading.Thread(target=listen, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.ended.set()
        accepting.join(5)
        listener.close()
        for thread in threads:
            thread.join(5)


def _answer(server: Server, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(1)
    try:
        connection = tls.wrap_socket(connection, server_side=True) if tls else connection
    except OSError:
        connection.close()
        return
    with connection:
        try:
            head = _head(connection)
            if not head:
                return
            path = head.split(" ")[1]
            server.asked.append(path)
            server.heads.append(head)
            reply = server.replies.get(path, page(b"no such page", status="404 Not Found"))
            if isinstance(reply, Iterator):
                reply = next(reply)
            for part in reply if isinstance(reply, list) else [reply]:
                if callable(part):
                    part(connection)
                else:
                    connection.sendall(part)
        except OSError:
            pass  # the client went, which is what some tests are about


def _head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        head += more
        if not more or head.startswith(b"\x16"):  # gone, or wants TLS, which is not spoken here
            return ""
    return head.decode("latin-1")


def page(
    content: bytes = b"", media_type: str = "text/html", status: str = "200 OK", length: bool = True, **headers: str
) -> bytes:
    """A whole answer; `headers` have _ for -."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}"]
    lines += [f"Content-Length: {len(content)}"] if length else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + content


def redirect(to: str, status: str = "302 Found") -> bytes:
    return page(status=status, Location=to)


def zipped(content: bytes) -> bytes:
    return page(gzip.compress(content), Content_Encoding="gzip")


def chunked(*pieces: bytes) -> list[bytes]:
    """An answer without an end: the pieces of a chunked body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [head, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)]
