"""Runs one encoder on onnxruntime in Python, as run_encoder.ts does: python run_encoder.py FILE THREADS."""

import statistics
import sys
import time

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
pixels = (np.arange(224 * 224 * 3) * 37 % 256).astype(np.float32).reshape(1, 224, 224, 3)
session.run(None, {"pixels": pixels})
print(f"ready onnxruntime {ort.__version__} in Python {sys.version.split()[0]}", flush=True)
for _ in sys.stdin:
    times: list[float] = []
    while sum(times) < 100:
        started = time.perf_counter()
        session.run(None, {"pixels": pixels})
        times.append((time.perf_counter() - started) * 1000)
    print(statistics.median(times), flush=True)
