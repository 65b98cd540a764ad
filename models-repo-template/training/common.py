"""What both training scripts share: arguments, ONNX parts, running a model, golden files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
TOLERANCE = {"atol": 1e-4, "rtol": 1e-3}


def arguments(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, default=Path("build"), help="folder that gets <model>/<version>/ (default: build)")
    parser.add_argument("--version", type=int, choices=[1, 2], help="make this version only (default: both)")
    return parser.parse_args()


# --- ONNX -----------------------------------------------------------------------------------------------------------


def constant(name: str, value: np.ndarray) -> TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(value), name)


def classifier_head(labels: np.ndarray) -> tuple[list[onnx.NodeProto], list[TensorProto]]:
    """Nodes from `logits` [N,K] to `probabilities` and `label`. The label is always the class of highest probability."""
    nodes = [
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["best"], axis=1, keepdims=0),
        helper.make_node("Gather", ["classes", "best"], ["label"], axis=0),
    ]
    return nodes, [constant("classes", labels)]


def make_model(nodes: list[onnx.NodeProto], constants: list[TensorProto], inputs: dict, outputs: dict, name: str) -> onnx.ModelProto:
    """`inputs` and `outputs` map a name to (element type, dimensions)."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        name,
        [value(k, *v) for k, v in inputs.items()],
        [value(k, *v) for k, v in outputs.items()],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="training")


def finish(model: onnx.ModelProto, doc: str) -> bytes:
    """Names the batch axis `N`, checks the model and returns its bytes. Every axis 0 is the batch."""
    model.ir_version = IR_VERSION
    opsets = sorted(model.opset_import, key=lambda o: o.domain)  # a converter may give them in any order
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    model.doc_string = doc
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def session(model: bytes | Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(
        model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
    )


def run(model: ort.InferenceSession, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return dict(zip([o.name for o in model.get_outputs()], model.run(None, inputs)))


# --- golden files ---------------------------------------------------------------------------------------------------


def scalar(value) -> str:
    """JSON text of one number or string. Floats get at most nine decimals and seven significant digits."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return f"{round(float(value), 9):.7g}"


def row_text(row) -> str:
    return "[" + ",".join(row_text(item) for item in row) + "]" if np.ndim(row) else scalar(row)


def picture_text(row: np.ndarray, indent: str) -> str:
    """A matrix as lines of aligned numbers, so that the picture can be seen."""
    lines = [f"{indent}  [" + ",".join(f"{scalar(x):>2}" for x in line) + "]" for line in row]
    return "[\n" + ",\n".join(lines) + f"\n{indent}]"


def tensor_text(tensor: np.ndarray, pictures: bool, indent: str) -> str:
    """One row to a line; single values ten to a line."""
    if tensor.ndim == 1:
        items = [scalar(x) for x in tensor]
        lines = [", ".join(items[i : i + 10]) for i in range(0, len(items), 10)]
    else:
        lines = [picture_text(row, indent + "  ") if pictures and row.ndim == 2 else row_text(row) for row in tensor]
    return "[\n" + ",\n".join(f"{indent}  {line}" for line in lines) + f"\n{indent}]"


def tensors_text(tensors: dict[str, np.ndarray], pictures: bool) -> str:
    parts = [f"      {json.dumps(name)}: {tensor_text(t, pictures, '      ')}" for name, t in tensors.items()]
    return "{\n" + ",\n".join(parts) + "\n    }"


def golden_text(inputs: dict[str, np.ndarray], outputs: dict[str, np.ndarray], pictures: bool = False) -> str:
    return f"""{{
  "request": {{
    "inputs": {tensors_text(inputs, pictures)}
  }},
  "response": {{
    "outputs": {tensors_text(outputs, pictures)}
  }},
  "tolerance": {json.dumps(TOLERANCE)}
}}
"""


def write_version(folder: Path, model: bytes, samples: dict[str, np.ndarray], rows: dict[str, np.ndarray]) -> None:
    """Writes model.onnx, golden/samples.json (a few rows to read) and golden/rows.json (training rows).

    The responses are what this very model answers in ONNX Runtime, right or wrong.
    """
    (folder / "golden").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    loaded = session(model)
    for name, inputs, pictures in [("samples", samples, True), ("rows", rows, False)]:
        (folder / "golden" / f"{name}.json").write_text(golden_text(inputs, run(loaded, inputs), pictures))
    print(f"wrote {folder} ({len(model)} bytes)")
