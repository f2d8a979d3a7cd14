"""python client.py URL PHOTO, with the packages requests, httpx and aiohttp"""
import asyncio
import base64
import sys
import urllib.request

import aiohttp
import httpx
import requests

url, path = f"{sys.argv[1]}/v1/captions", sys.argv[2]
photo = open(path, "rb").read()


def name(client, **more):
    return {"X-Client": client, **more}


requests.post(url, data=photo, headers=name("requests-body"))
requests.post(url, files={"image": open(path, "rb")}, data={"beams": "2"}, headers=name("requests-file"))
requests.post(url, json={"image": base64.b64encode(photo).decode()}, headers=name("requests-json"))
httpx.post(url, content=photo, headers=name("httpx-body", **{"Content-Type": "image/png"}))
httpx.post(url, files={"image": ("photo.png", photo, "image/png")}, headers=name("httpx-file"))
httpx.post(url, content=iter([photo[:300], photo[300:]]), headers=name("httpx-chunks"))
urllib.request.urlopen(urllib.request.Request(url, data=photo, headers=name("urllib-body")))


async def main():
    async with aiohttp.ClientSession() as session:
        await session.post(url, data=photo, headers=name("aiohttp-body"))
        await session.post(url, data={"image": open(path, "rb")}, headers=name("aiohttp-file"))


asyncio.run(main())
