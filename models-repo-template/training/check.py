"""Checks every model of this repository and prints a table of figures. Ends with 1 if anything is wrong.

For each version: the file's form, golden files, that the label is the most probable class, and that a row's answer
does not depend on the rows that travel with it. Figures are printed for iris and digits.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

import train_digits
import train_iris
from common import TOLERANCE, run, session

ROOT = Path(__file__).resolve().parent.parent
MAX_OPSET, MAX_IR = 21, 10  # what ONNX Runtime 1.20 reads
DTYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(string)": object}


def versions() -> dict[str, dict[int, Path]]:
    """Every model file by model and number. `next/` holds versions that are not pushed yet; most clones have none."""
    found: dict[str, dict[int, Path]] = {}
    for file in sorted([*ROOT.glob("models/*/*/model.onnx"), *ROOT.glob("next/*/*/model.onnx")]):
        found.setdefault(file.parts[-3], {})[int(file.parts[-2])] = file
    return found


def agree(got: dict, wanted: dict, atol: float, rtol: float) -> bool:
    """Same names, same shapes, numbers within tolerance and everything else equal."""
    if got.keys() != wanted.keys():
        return False
    for name, value in got.items():
        other = np.asarray(wanted[name], dtype=value.dtype)
        if value.shape != other.shape:
            return False
        floats = np.issubdtype(value.dtype, np.floating)
        if not (np.allclose(value, other, atol=atol, rtol=rtol) if floats else np.array_equal(value, other)):
            return False
    return True


def check_form(file: Path) -> list[str]:
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    opset = max(o.version for o in model.opset_import)
    problems = []
    if opset > MAX_OPSET or model.ir_version > MAX_IR:
        problems.append(f"opset {opset}, IR {model.ir_version}")
    for value in [*model.graph.input, *model.graph.output]:
        dims = value.type.tensor_type.shape.dim
        if not dims or not dims[0].dim_param:
            problems.append(f"{value.name}: the first axis has no name, so it is not a batch")
    return problems


def check_batch(loaded, inputs: dict, whole: dict) -> list[str]:
    """Rows alone and rows in another order must give the rows of the whole. Labels exactly, numbers to 1e-5."""
    n = len(next(iter(whole.values())))
    order = np.random.default_rng(0).permutation(n)
    permuted = run(loaded, {k: v[order] for k, v in inputs.items()})
    alone = [run(loaded, {k: v[i : i + 1] for k, v in inputs.items()}) for i in range(n)]
    stacked = {k: np.concatenate([a[k] for a in alone]) for k in whole}
    problems = []
    if not agree(permuted, {k: v[order] for k, v in whole.items()}, 1e-5, 0):
        problems.append("rows depend on their order")
    if not agree(stacked, whole, 1e-5, 0):
        problems.append("rows depend on the batch")
    return problems


def one_to_one(a: np.ndarray, b: np.ndarray) -> bool:
    return len(set(a)) == len(set(b)) == len(set(zip(a, b)))


def check_version(file: Path) -> tuple[list[str], int]:
    """Problems of one version, and how many golden rows were compared."""
    problems = check_form(file)
    loaded = session(file)
    types = {i.name: DTYPES[i.type] for i in loaded.get_inputs()}
    compared = 0
    for golden in sorted((file.parent / "golden").glob("*.json")):
        content = json.loads(golden.read_text())
        inputs = {k: np.asarray(v, dtype=types[k]) for k, v in content["request"]["inputs"].items()}
        answer = run(loaded, inputs)
        if not agree(answer, content["response"]["outputs"], **content.get("tolerance", TOLERANCE)):
            problems.append(f"{golden.name} is not what the model answers")
        problems += [f"{golden.name}: {p}" for p in check_batch(loaded, inputs, answer)]
        if {"label", "probabilities"} <= answer.keys():
            if not one_to_one(answer["probabilities"].argmax(axis=1), answer["label"]):
                problems.append(f"{golden.name}: a label is not the most probable class")
        compared += len(next(iter(answer.values())))
    return problems, compared


# --- figures --------------------------------------------------------------------------------------------------------


def iris_figures(version: int) -> tuple[np.ndarray, np.ndarray, str]:
    rows, species = train_iris.data()
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    return rows, species, f"{cross_val_score(train_iris.estimators()[version], rows, species, cv=folds).mean():.1%}"


def digits_figures(file: Path) -> tuple[np.ndarray, np.ndarray, str]:
    train_images, held_images, train_labels, held_labels = train_digits.split()
    right = run(session(file), {"image": held_images})["label"] == held_labels
    return train_images, train_labels, f"{right.mean():.1%} ({right.sum()} of {len(right)})"


def figures(model: str, files: dict[int, Path]) -> list[str]:
    lines, first = [], None
    for version, file in sorted(files.items()):
        if version not in (1, 2):
            continue
        rows, truth, held_out = iris_figures(version) if model == "iris" else digits_figures(file)
        loaded = session(file)
        labels = run(loaded, {loaded.get_inputs()[0].name: rows})["label"]
        first = labels if version == 1 else first
        right, n = (labels == truth).sum(), len(truth)
        differ = "" if first is None or version == 1 else f"{(labels != first).sum()} of {n}"
        lines.append(
            f"| {model} | {version} | {onnx.load(file).doc_string} | {held_out} | {right / n:.1%} ({right} of {n}) | {differ} |"
        )
    return lines


def main() -> int:
    bad, table = 0, []
    for model, files in versions().items():
        for version, file in sorted(files.items()):
            problems, compared = check_version(file)
            bad += len(problems)
            print(f"{model} {version}: {'; '.join(problems) or f'ok, {compared} golden rows'}")
        if model in ("iris", "digits"):
            table += figures(model, files)
    print("\n| model | version | method | held-out accuracy | accuracy on training rows | rows that differ from version 1 |")
    print("| --- | --- | --- | --- | --- | --- |")
    print("\n".join(table))
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
