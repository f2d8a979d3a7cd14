"""Writes what .NET's HttpClient sends of a MultipartFormDataContent: names without quotes, the type before the
disposition, and a boundary in quotes. .NET itself is not at hand; the shape is that of its sources and of one recorded form.

python dotnet.py PHOTO FILE
"""
import sys

photo = open(sys.argv[1], "rb").read()
boundary = "8f3f1d0e-6f0c-4f0f-9b5b-0f5a8d1c2b3a"
body = (
    f"--{boundary}\r\nContent-Type: image/png\r\n"
    "Content-Disposition: form-data; name=image; filename=photo.png; filename*=utf-8''photo.png\r\n\r\n"
).encode()
body += photo
body += (
    f"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=beams\r\n\r\n2"
    f"\r\n--{boundary}--\r\n"
).encode()
head = (
    "POST /v1/captions HTTP/1.1\r\nHost: 127.0.0.1:4900\r\nX-Client: dotnet-file\r\n"
    f'Content-Type: multipart/form-data; boundary="{boundary}"\r\nContent-Length: {len(body)}\r\n\r\n'
).encode()
open(sys.argv[2], "wb").write(head + body)
