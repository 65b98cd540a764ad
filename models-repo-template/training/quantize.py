"""Makes an int8 variant of a version: 8-bit weights and activations, calibrated on the version's own golden rows.

The new version names the one that it was made from in `version.yaml` (`variantOf`), so that its rollout shows size, speed and agreement of
both side by side. Scales are fixed while making it, so a row's answer still does not depend on the rows that travel with it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from common import finish, run, session, write_version

BATCH = 64


class GoldenRows(CalibrationDataReader):
    """The requests of `golden/rows.json`, a batch at a time."""

    def __init__(self, inputs: dict[str, np.ndarray]):
        rows = len(next(iter(inputs.values())))
        self._batches = iter([{k: v[at : at + BATCH] for k, v in inputs.items()} for at in range(0, rows, BATCH)])

    def get_next(self):
        return next(self._batches, None)


def golden_inputs(version: Path, name: str) -> dict[str, np.ndarray]:
    """Inputs of one golden file, in the types that the model asks for. Floats only: that is what can be calibrated."""
    inputs = json.loads((version / "golden" / f"{name}.json").read_text())["request"]["inputs"]
    return {key: np.asarray(value, dtype=np.float32) for key, value in inputs.items()}


def quantize(version: Path) -> bytes:
    """The model of a version with 8-bit weights per channel and 8-bit activations."""
    with tempfile.TemporaryDirectory() as folder:
        prepared, made = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(str(version / "model.onnx"), str(prepared))
        quantize_static(
            str(prepared),
            str(made),
            GoldenRows(golden_inputs(version, "rows")),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
        model = onnx.load(made)
    return finish(model, f"int8 variant of version {version.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", type=Path, help="folder of the version to compress, such as ../models/digits/2")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new version, such as ../models/digits/3")
    args = parser.parse_args()
    model = quantize(args.version)
    rows = golden_inputs(args.version, "rows")
    write_version(args.out, model, golden_inputs(args.version, "samples"), rows)
    (args.out / "version.yaml").write_text(f"variantOf: {args.version.name}\n")
    before, after = (run(m, rows)["label"] for m in (session(args.version / "model.onnx"), session(model)))
    size = (args.version / "model.onnx").stat().st_size
    print(f"{len(model)} bytes instead of {size}; {np.mean(before == after):.1%} of golden rows get the same label")


if __name__ == "__main__":
    main()
