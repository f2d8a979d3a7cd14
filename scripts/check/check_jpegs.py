"""Compares the picture decoder with libjpeg-turbo, by Pillow, over JPEGs of every form that the standard allows.

usage: python3 scripts/check/check_jpegs.py [--keep FOLDER] [--fixtures]

Needs Pillow, NumPy, bun, and cjpeg (Debian's libjpeg-turbo-progs). Each picture has to come out as Pillow reads it, or
to be refused; a wrong picture fails the check. The table says how many of each there were. --fixtures copies some of the
pictures to test/fixtures/images, with what Pillow makes of them.
"""

import argparse
import collections
import itertools
import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image

root = pathlib.Path(__file__).resolve().parents[2]
samplings = [
    "1x1,1x1,1x1", "2x1,1x1,1x1", "1x2,1x1,1x1", "2x2,1x1,1x1", "4x1,1x1,1x1", "1x4,1x1,1x1", "4x2,1x1,1x1", "2x4,1x1,1x1",
    "2x2,2x1,2x1", "2x2,1x2,1x2", "2x2,2x1,1x2", "4x1,2x1,1x1", "4x2,2x2,2x1", "2x2,2x2,1x1",
    "1x1,2x2,2x2", "1x1,2x1,2x1", "1x1,1x2,1x2", "2x1,1x2,1x2", "1x2,2x1,2x1", "3x1,1x1,1x1", "3x1,2x1,1x1", "3x3,1x1,1x1",
]  # fmt: skip
sizes = [(1, 1), (7, 5), (16, 16), (17, 33), (40, 40), (65, 63), (100, 31)]
separate = "0;\n1;\n2;\n"
pairs = "0;\n1 2;\n"
spectral = "0: 0-0, 0, 0;\n1: 0-0, 0, 0;\n2: 0-0, 0, 0;\n0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n"
bits = "0 1 2: 0-0, 0, 1;\n0: 1-63, 0, 2;\n1: 1-63, 0, 1;\n2: 1-63, 0, 1;\n0: 1-63, 2, 1;\n0 1 2: 0-0, 1, 0;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n"
scans = {"interleaved": None, "separate": separate, "pairs": pairs, "spectral": spectral, "bits": bits, "progressive": None}


# One of each kind that decoders have failed on.
fixtures = [
    "40x40-2x2-1x1-1x1-separate-r0", "17x33-2x2-1x1-1x1-separate-r1", "40x40-1x2-1x1-1x1-separate-r0", "17x33-1x2-1x1-1x1-pairs-r0",
    "17x33-2x1-1x1-1x1-separate-r3", "40x40-1x1-2x2-2x2-interleaved-r0", "17x33-1x1-2x2-2x2-separate-r0",
    "17x33-1x1-2x1-2x1-progressive-r0", "1x1-1x1-2x2-2x2-interleaved-r0", "40x40-4x1-1x1-1x1-interleaved-r0",
    "17x33-1x4-1x1-1x1-progressive-r1", "17x33-2x2-2x1-1x2-interleaved-r0", "17x33-2x2-1x1-1x1-bits-r3",
    "17x33-2x2-1x1-1x1-spectral-r1", "17x33-grayscale-2x2-False-r2", "17x33-rgb-1x1-False-r0", "17x33-ink-0-True", "17x33-ink-2-False",
]  # fmt: skip


def photo(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] / 16
    waves = [np.sin(x + 0.3 * y), np.cos(0.7 * y - x), np.sin(0.5 * x * y / 3 + 1)]
    noise = np.random.default_rng(width * 1000 + height).normal(0, 3, (height, width, 3))
    return (128 + 90 * np.stack(waves, axis=-1) + noise).clip(0, 255).astype(np.uint8)


def share_numbers(picture: bytes) -> bytes:
    """The picture with one number for all of its components, as some cameras write it."""
    data, at = bytearray(picture), 2
    while True:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xC0:
            data[at + 10 : at + 2 + length : 3] = b"\1" * data[at + 9]
        if marker == 0xDA:
            data[at + 5 : at + 5 + 2 * data[at + 4] : 2] = b"\1" * data[at + 4]
            return bytes(data)
        at += 2 + length


def make(folder: pathlib.Path) -> list[pathlib.Path]:
    made = []
    for name, script in scans.items():
        if script:
            (folder / f"{name}.txt").write_text(script)
    for width, height in sizes:
        pixels = photo(width, height)
        ppm = folder / f"{width}x{height}.ppm"
        Image.fromarray(pixels).save(ppm)
        for sampling, scan, restart in itertools.product(samplings, scans, (0, 1, 3)):
            path = folder / f"{width}x{height}-{sampling.replace(',', '-')}-{scan}-r{restart}.jpg"
            command = ["cjpeg", "-quality", "90", "-sample", sampling, "-outfile", str(path)]
            command += ["-restart", f"{restart}B"] if restart else []
            command += ["-progressive"] if scan == "progressive" else []
            command += ["-scans", str(folder / f"{scan}.txt")] if scans[scan] else []
            if subprocess.run([*command, str(ppm)], capture_output=True).returncode == 0:
                made.append(path)
                if scan == "interleaved":
                    shared = path.with_stem(f"{path.stem}-shared")
                    shared.write_bytes(share_numbers(path.read_bytes()))
                    made.append(shared)
            else:
                path.unlink(missing_ok=True)
        for extra, progressive, restart in itertools.product(("grayscale", "rgb"), (False, True), (0, 2)):
            for sampling in ("1x1", "2x2") if extra == "grayscale" else ("1x1",):
                path = folder / f"{width}x{height}-{extra}-{sampling}-{progressive}-r{restart}.jpg"
                command = ["cjpeg", "-quality", "90", f"-{extra}", "-sample", sampling, "-outfile", str(path)]
                command += ["-restart", f"{restart}B"] if restart else []
                command += ["-progressive"] if progressive else []
                if subprocess.run([*command, str(ppm)], capture_output=True).returncode == 0:
                    made.append(path)
        for progressive, transform in itertools.product((False, True), (0, 2)):
            path = folder / f"{width}x{height}-ink-{transform}-{progressive}.jpg"
            Image.fromarray(pixels).convert("CMYK").save(path, quality=92, progressive=progressive)
            data = bytearray(path.read_bytes())
            # Pillow writes plain CMYK. The same data can also be read as luma, chroma and black.
            data[data.index(b"Adobe") + 11] = transform
            path.write_bytes(data)
            made.append(path)
    return made


def compare(paths: list[pathlib.Path]) -> int:
    command = [root / "node_modules/.bin/bun", "scripts/check/decode_pictures.ts"]
    names = "".join(f"{path}\n" for path in paths).encode()
    output = subprocess.run(command, cwd=root, input=names, capture_output=True, check=True).stdout
    table: collections.Counter[str] = collections.Counter()
    wrong, worst, at = [], 0.0, 0
    for path in paths:
        end = output.index(b"\n", at)
        line, at = output[at:end].decode(), end + 1
        with Image.open(path) as image:
            want = np.asarray(image.convert("RGB")).astype(int)
        if not line.startswith("ok "):
            table[f"refused: {line.split(':')[0]}"] += 1
            continue
        width, height = map(int, line.split()[1:3])
        got = np.frombuffer(output, np.uint8, width * height * 3, at).reshape(height, width, 3).astype(int)
        at += width * height * 3
        off = np.abs(got - want) if got.shape == want.shape else np.array([255])
        worst = max(worst, off.mean())
        if off.mean() > 2.5:
            wrong.append(f"{path.name}: off by {off.mean():.1f} on average, {off.max()} at most")
        table["wrong" if off.mean() > 2.5 else "as Pillow"] += 1
    print("\n".join(wrong[:60]))
    for name, count in sorted(table.items()):
        print(f"{count:6} {name}")
    print(f"largest average difference: {worst:.2f} of 255")
    return 1 if wrong else 0


def keep_fixtures(folder: pathlib.Path) -> None:
    images = root / "test/fixtures/images"
    for name in fixtures:
        data = (folder / f"{name}.jpg").read_bytes()
        with Image.open(folder / f"{name}.jpg") as image:
            want = image.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR).tobytes()
        (images / f"form-{name}.jpg").write_bytes(data)
        (images / f"form-{name}.jpg.rgb").write_bytes(want)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--fixtures", action="store_true")
    arguments = parser.parse_args()
    keep = arguments.keep
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        made = make(folder)
        if arguments.fixtures:
            keep_fixtures(folder)
        raise SystemExit(compare(made))
