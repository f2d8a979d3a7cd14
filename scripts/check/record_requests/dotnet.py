"""Writes what .NET's HttpClient sends. .NET itself is not at hand; the shapes are those of its sources and of one recorded
form: a form has names without quotes, the type before the disposition, and a boundary in quotes; bytes have no type; JSON
comes in chunks, and System.Text.Json escapes the plus signs of base64.

python dotnet.py PHOTO FOLDER
"""
import base64
import sys
from pathlib import Path

photo = Path(sys.argv[1]).read_bytes()
folder = Path(sys.argv[2])


def write(client, headers, body):
    head = f"POST /v1/captions HTTP/1.1\r\nHost: 127.0.0.1:4900\r\nX-Client: {client}\r\n{headers}\r\n\r\n"
    (folder / f"{client}.bin").write_bytes(head.encode() + body)


# MultipartFormDataContent
boundary = "8f3f1d0e-6f0c-4f0f-9b5b-0f5a8d1c2b3a"
form = (
    f"--{boundary}\r\nContent-Type: image/png\r\n"
    "Content-Disposition: form-data; name=image; filename=photo.png; filename*=utf-8''photo.png\r\n\r\n"
).encode()
form += photo
form += (
    f"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=beams\r\n\r\n2"
    f"\r\n--{boundary}--\r\n"
).encode()
write("dotnet-file", f'Content-Type: multipart/form-data; boundary="{boundary}"\r\nContent-Length: {len(form)}', form)

# ByteArrayContent
write("dotnet-body", f"Content-Length: {len(photo)}", photo)

# PostAsJsonAsync
json = f'{{"image":"{base64.b64encode(photo).decode()}"}}'.replace("+", "\\u002B").encode()
chunks = b"%X\r\n%b\r\n0\r\n\r\n" % (len(json), json)
write("dotnet-json", "Transfer-Encoding: chunked\r\nContent-Type: application/json; charset=utf-8", chunks)
