"""Trains both versions of `digits` on 8x8 handwritten digits. Version 1: logistic regression. Version 2: a small CNN."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

import cnn
from common import arguments, classifier_head, constant, finish, make_model, write_version

GOLDEN_ROWS = 200
# The data set's first ten rows are one of each digit, 0 to 9. Version 1 reads the 5 as a 9.
SAMPLES = list(range(10))

INPUTS = {"image": (TensorProto.FLOAT, ["N", 8, 8])}
OUTPUTS = {"label": (TensorProto.INT64, ["N"]), "probabilities": (TensorProto.FLOAT, ["N", 10])}


def data() -> tuple[np.ndarray, np.ndarray]:
    """Images [1797,8,8] with values 0 to 16, and the digit of each."""
    digits = load_digits()
    return digits.images.astype(np.float32), digits.target.astype(np.int64)


def split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images, held-out images, training labels, held-out labels: four fifths and one fifth of each digit."""
    images, labels = data()
    return train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=0)


def export(nodes: list, constants: list, doc: str) -> bytes:
    """Scaling and shaping are part of the graph: a client sends what the scanner gave, 0 to 16."""
    head, classes = classifier_head(np.arange(10, dtype=np.int64))
    scale = helper.make_node("Mul", ["image", "scale"], ["scaled"])
    constants = [constant("scale", np.float32(1 / 16)), *constants, *classes]
    return finish(make_model([scale, *nodes, *head], constants, INPUTS, OUTPUTS, "digits"), doc)


def linear(images: np.ndarray, labels: np.ndarray) -> bytes:
    fitted = LogisticRegression(max_iter=1000).fit(images.reshape(-1, 64) / 16, labels)
    nodes = [
        helper.make_node("Flatten", ["scaled"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
    ]
    constants = [
        constant("weights", fitted.coef_.T.astype(np.float32)),
        constant("bias", fitted.intercept_.astype(np.float32)),
    ]
    return export(nodes, constants, "Logistic regression")


def convolutional(images: np.ndarray, labels: np.ndarray) -> bytes:
    p = cnn.train(images / 16, labels, seed=0)
    nodes = [
        helper.make_node("Unsqueeze", ["scaled", "channel"], ["pixels"]),
        helper.make_node("Conv", ["pixels", "w1", "b1"], ["c1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pooled"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "w3", "b3"], ["logits"]),
    ]
    constants = [constant("channel", np.array([1], dtype=np.int64))]
    constants += [constant(name, value.astype(np.float32)) for name, value in p.items()]
    return export(nodes, constants, "Convolutional network")


TRAIN = {1: linear, 2: convolutional}


def main() -> None:
    args = arguments(__doc__)
    images, _ = data()
    train_images, _, train_labels, _ = split()
    chosen = np.sort(np.random.default_rng(0).choice(len(train_images), GOLDEN_ROWS, replace=False))
    for version in [args.version] if args.version else [1, 2]:
        model = TRAIN[version](train_images, train_labels)
        write_version(
            args.out / "digits" / str(version), model, {"image": images[SAMPLES]}, {"image": train_images[chosen]}
        )


if __name__ == "__main__":
    with threadpool_limits(1):  # sums in one order, whatever the number of cores
        main()
