"""Values at the edges of every type, two in a row, as numpy has them."""

import numpy as np

VALUES = {
    "float32": np.array([[-0.0, 1.5], [3.4028234663852886e38, 1e-45], [np.nan, -np.inf]], np.float32),
    "float64": np.array([[-0.0, 1 / 3], [1.7976931348623157e308, 5e-324], [np.nan, np.inf]], np.float64),
    "float16": np.array([[-0.0, 1.5], [65504, 6e-8], [np.nan, -np.inf]], np.float16),
    "int8": np.array([[-128, 127]], np.int8),
    "int16": np.array([[-32768, 32767]], np.int16),
    "int32": np.array([[-(2**31), 2**31 - 1]], np.int32),
    "int64": np.array([[-(2**63), 2**63 - 1], [2**53 + 1, 0]], np.int64),
    "uint8": np.array([[0, 255]], np.uint8),
    "uint16": np.array([[0, 65535]], np.uint16),
    "uint32": np.array([[0, 2**32 - 1]], np.uint32),
    "uint64": np.array([[0, 2**64 - 1], [2**53 + 1, 1]], np.uint64),
    "bool": np.array([[False, True], [True, False]], np.bool_),
    "string": np.array([["", "plain"], ["ä\"\\", "\U0001f98a"]], np.object_),
}


def same(dtype, actual, expected):
    if dtype == "string":
        texts = [one.decode() if isinstance(one, bytes) else one for one in actual.reshape(-1).tolist()]
        fits = actual.shape == expected.shape and texts == expected.reshape(-1).tolist()
    else:
        fits = actual.dtype == expected.dtype and np.array_equal(
            actual, expected, equal_nan=expected.dtype.kind == "f"
        )
        if expected.dtype.kind == "f":
            fits = fits and np.array_equal(np.signbit(actual), np.signbit(expected))
    if not fits:
        raise AssertionError(f"{actual!r} is not {expected!r}")
