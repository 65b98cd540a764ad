"""A small convolutional network in numpy: conv 3x3, relu, conv 3x3, relu, max-pool 2x2, dense. Trains in seconds.

Arrays inside are [N, height, width, channels]. `train` returns the weights in ONNX's order.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

C1, C2 = 12, 24
EPOCHS, BATCH, RATE, DECAY = 40, 32, 3e-3, 1e-2


def patches(x: np.ndarray) -> np.ndarray:
    """The 3x3 neighbourhood of every pixel, zeros outside: [N,H,W,C] to [N*H*W, 9*C]."""
    n, h, w, c = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))  # N,H,W,C,3,3
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * h * w, 9 * c)


def unpatch(g: np.ndarray, shape: tuple) -> np.ndarray:
    """The gradient of `patches`: adds every neighbourhood back where it came from."""
    n, h, w, c = shape
    g = g.reshape(n, h, w, 3, 3, c)
    out = np.zeros((n, h + 2, w + 2, c), g.dtype)
    for i in range(3):
        for j in range(3):
            out[:, i : i + h, j : j + w] += g[:, :, :, i, j]
    return out[:, 1:-1, 1:-1]


def gradients(p: dict, x: np.ndarray, y: np.ndarray) -> dict:
    """Gradients of the mean cross-entropy."""
    n = len(x)
    x = x[..., None]
    k1 = patches(x)
    a1 = np.maximum(k1 @ p["w1"] + p["b1"], 0).reshape(n, 8, 8, C1)
    k2 = patches(a1)
    a2 = np.maximum(k2 @ p["w2"] + p["b2"], 0).reshape(n, 4, 2, 4, 2, C2)
    pooled = a2.max(axis=(2, 4), keepdims=True)
    flat = pooled.reshape(n, -1)
    logits = flat @ p["w3"] + p["b3"]

    d = np.exp(logits - logits.max(axis=1, keepdims=True))
    d /= d.sum(axis=1, keepdims=True)
    d[np.arange(n), y] -= 1
    d /= n
    g = {"w3": flat.T @ d, "b3": d.sum(axis=0)}
    d = (d @ p["w3"].T).reshape(pooled.shape) * ((a2 == pooled) & (a2 > 0))
    d = d.reshape(-1, C2)
    g["w2"], g["b2"] = k2.T @ d, d.sum(axis=0)
    d = unpatch(d @ p["w2"].T, a1.shape) * (a1 > 0)
    d = d.reshape(-1, C1)
    g["w1"], g["b1"] = k1.T @ d, d.sum(axis=0)
    return g


def shifted(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by at most one pixel."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    at = rng.integers(0, 3, (len(x), 2))
    return np.stack([padded[i, r : r + 8, c : c + 8] for i, (r, c) in enumerate(at)])


def train(x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Adam with decoupled weight decay and a cosine schedule."""
    rng = np.random.default_rng(seed)
    shapes = {"w1": (9, C1), "w2": (9 * C1, C2), "w3": (16 * C2, 10)}
    p = {k: rng.normal(0, np.sqrt(2 / s[0]), s).astype(np.float32) for k, s in shapes.items()}
    p |= {"b1": np.zeros(C1, np.float32), "b2": np.zeros(C2, np.float32), "b3": np.zeros(10, np.float32)}
    m = {k: np.zeros_like(v) for k, v in p.items()}
    v = {k: np.zeros_like(v) for k, v in p.items()}
    batches = len(x) // BATCH
    step, steps = 0, EPOCHS * batches
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for b in range(batches):
            rows = order[b * BATCH : (b + 1) * BATCH]
            g = gradients(p, shifted(x[rows], rng), y[rows])
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            step += 1
            for k in p:
                m[k] = 0.9 * m[k] + 0.1 * g[k]
                v[k] = 0.999 * v[k] + 0.001 * g[k] ** 2
                update = (m[k] / (1 - 0.9**step)) / (np.sqrt(v[k] / (1 - 0.999**step)) + 1e-8)
                p[k] = (p[k] - rate * (update + (DECAY * p[k] if k[0] == "w" else 0))).astype(np.float32)
    return for_onnx(p)


def for_onnx(p: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Conv weights as [out, in, 3, 3], dense weights for a channels-first flatten."""
    w1 = p["w1"].reshape(3, 3, 1, C1).transpose(3, 2, 0, 1)
    w2 = p["w2"].reshape(3, 3, C1, C2).transpose(3, 2, 0, 1)
    w3 = p["w3"].reshape(4, 4, C2, 10).transpose(2, 0, 1, 3).reshape(-1, 10)
    return {"w1": w1, "b1": p["b1"], "w2": w2, "b2": p["b2"], "w3": w3, "b3": p["b3"]}
