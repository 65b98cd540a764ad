"""Trains both versions of `iris` on Fisher's 150 flowers. Version 1: logistic regression. Version 2: quadratic discriminant."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from common import OPSET, arguments, classifier_head, constant, finish, make_model, write_version

# A clear flower of each kind, and one (versicolor) that version 1 gets wrong.
SAMPLES = [0, 50, 100, 77]


def data() -> tuple[np.ndarray, np.ndarray]:
    """Measurements (sepal length, sepal width, petal length, petal width, in cm) and species."""
    iris = load_iris()
    return iris.data.astype(np.float32), iris.target_names[iris.target]


def estimators() -> dict:
    return {1: LogisticRegression(max_iter=1000), 2: QuadraticDiscriminantAnalysis()}


def export_logistic(fitted: LogisticRegression) -> bytes:
    """The ordinary way: skl2onnx. Without zipmap, probabilities are one tensor and not a list of maps."""
    model = to_onnx(
        fitted,
        name="iris",
        initial_types=[("measurements", FloatTensorType([None, 4]))],
        final_types=[("label", StringTensorType([None])), ("probabilities", FloatTensorType([None, 3]))],
        options={id(fitted): {"zipmap": False}},
        target_opset={"": OPSET, "ai.onnx.ml": 3},
    )
    return finish(model, "Logistic regression")


def export_quadratic(fitted: QuadraticDiscriminantAnalysis) -> bytes:
    """By hand: skl2onnx gives this estimator's label the shape [1,N], which no batch can be cut from.

    logit of class k = log prior - 1/2 log det(cov) - 1/2 |(x - mean) A|^2, where A whitens the class:
    one matrix product for the three classes, a square, and a second product that adds up each class's four squares.
    """
    whiten = [r / np.sqrt(s) for r, s in zip(fitted.rotations_, fitted.scalings_)]
    shift = [-mean @ a for mean, a in zip(fitted.means_, whiten)]
    offset = np.log(fitted.priors_) - 0.5 * np.array([np.log(s).sum() for s in fitted.scalings_])
    head, classes = classifier_head(fitted.classes_.astype(object))
    nodes = [
        helper.make_node("Gemm", ["measurements", "whiten", "shift"], ["white"]),
        helper.make_node("Mul", ["white", "white"], ["squares"]),
        helper.make_node("Gemm", ["squares", "sum", "offset"], ["logits"]),
    ]
    constants = [
        constant("whiten", np.concatenate(whiten, axis=1).astype(np.float32)),
        constant("shift", np.concatenate(shift).astype(np.float32)),
        constant("sum", np.kron(np.eye(3), np.full((4, 1), -0.5)).astype(np.float32)),
        constant("offset", offset.astype(np.float32)),
    ]
    model = make_model(
        nodes + head,
        constants + classes,
        {"measurements": (TensorProto.FLOAT, ["N", 4])},
        {"label": (TensorProto.STRING, ["N"]), "probabilities": (TensorProto.FLOAT, ["N", 3])},
        "iris",
    )
    return finish(model, "Quadratic discriminant analysis")


EXPORT = {1: export_logistic, 2: export_quadratic}


def main() -> None:
    args = arguments(__doc__)
    rows, species = data()
    for version in [args.version] if args.version else [1, 2]:
        fitted = estimators()[version].fit(rows, species)
        model = EXPORT[version](fitted)
        write_version(
            args.out / "iris" / str(version), model, {"measurements": rows[SAMPLES]}, {"measurements": rows}
        )


if __name__ == "__main__":
    with threadpool_limits(1):  # sums in one order, whatever the number of cores
        main()
