"""Keeps the bytes of every request that is sent to it, each in a file named by its header X-Client.

python recorder.py PORT FOLDER
"""
import socketserver
import sys
from pathlib import Path

folder = Path(sys.argv[2])
answer = b'{"image":"-","caption":"a photo"}'


class Recorder(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.head():
            names = {
                line.split(b":", 1)[0].strip().lower(): line.split(b":", 1)[1].strip()
                for line in head.split(b"\r\n")[1:]
                if b":" in line
            }
            if names.get(b"expect", b"").lower() == b"100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self.chunks() if b"transfer-encoding" in names else self.rfile.read(int(names.get(b"content-length", 0)))
            (folder / f"{names[b'x-client'].decode()}.bin").write_bytes(head + body)
            lines = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
            self.wfile.write(lines.encode() + answer)

    def head(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return b""
            head += line
        return head

    def chunks(self):
        body = b""
        while True:
            line = self.rfile.readline()
            size = int(line.split(b";")[0], 16)
            body += line + self.rfile.read(size + 2)
            if size == 0:
                return body


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


Server(("127.0.0.1", int(sys.argv[1])), Recorder).serve_forever()
