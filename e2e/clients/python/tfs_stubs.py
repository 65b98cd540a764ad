"""Stubs generated from the protocol files, for TensorFlow Serving: tensors as its clients write them."""

import grpc
import numpy as np
from google.protobuf.wrappers_pb2 import Int64Value
from tensorflow.core.example.example_pb2 import Example
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from channel import METADATA, open_channel
from checks import check, equal, finish, has, refused
from values import VALUES, same

channel = open_channel()
predictions = PredictionServiceStub(channel)
models = ModelServiceStub(channel)

CODES = {
    "float32": ("DT_FLOAT", "float_val"),
    "float64": ("DT_DOUBLE", "double_val"),
    "float16": ("DT_HALF", "half_val"),
    "int8": ("DT_INT8", "int_val"),
    "int16": ("DT_INT16", "int_val"),
    "int32": ("DT_INT32", "int_val"),
    "int64": ("DT_INT64", "int64_val"),
    "uint8": ("DT_UINT8", "int_val"),
    "uint16": ("DT_UINT16", "int_val"),
    "uint32": ("DT_UINT32", "uint32_val"),
    "uint64": ("DT_UINT64", "uint64_val"),
    "bool": ("DT_BOOL", "bool_val"),
    "string": ("DT_STRING", "string_val"),
}


def call(method, request, **more):
    return method(request, metadata=METADATA, timeout=30, **more)


def spec(name, version=None, label=None, signature=""):
    chosen = model_pb2.ModelSpec(name=name, signature_name=signature)
    if version is not None:
        chosen.version.CopyFrom(Int64Value(value=version))
    if label is not None:
        chosen.version_label = label
    return chosen


def empty(dtype, shape):
    dims = [TensorShapeProto.Dim(size=size) for size in shape]
    code = types_pb2.DataType.Value(CODES[dtype][0])
    return TensorProto(dtype=code, tensor_shape=TensorShapeProto(dim=dims))


def by_content(dtype, values):
    tensor = empty(dtype, values.shape)
    tensor.tensor_content = values.tobytes()
    return tensor


def by_values(dtype, values):
    tensor = empty(dtype, values.shape)
    elements = values.reshape(-1)
    if dtype == "float16":
        elements = elements.view(np.uint16)
    listed = elements.tolist()
    if dtype == "string":
        listed = [one.encode() for one in listed]
    getattr(tensor, CODES[dtype][1]).extend(listed)
    return tensor


def array_of(dtype, tensor):
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    equal(types_pb2.DataType.Name(tensor.dtype), CODES[dtype][0])
    if dtype == "string":
        return np.array(list(tensor.string_val), np.object_).reshape(shape)
    numpy_type = VALUES[dtype].dtype
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, numpy_type).reshape(shape)
    listed = list(getattr(tensor, CODES[dtype][1]))
    if dtype == "float16":
        return np.array(listed, np.uint16).view(np.float16).reshape(shape)
    return np.array(listed, numpy_type).reshape(shape)


def predict(chosen, inputs, outputs=()):
    request = predict_pb2.PredictRequest(model_spec=chosen, inputs=inputs, output_filter=outputs)
    return call(predictions.Predict, request)


def halves(chosen):
    answer = predict(chosen, {"x": by_values("float32", np.array([2.0, 4.0], np.float32))})
    return array_of("float32", answer.outputs["y"]).tolist()


for DTYPE, EXPECTED in VALUES.items():
    FORMS = {"values": by_values} if DTYPE == "string" else {"content": by_content, "values": by_values}
    for FORM, MAKE in FORMS.items():

        @check(f"{DTYPE} by {FORM}")
        def _():
            answer = predict(spec(f"id-{DTYPE}"), {"x": MAKE(DTYPE, EXPECTED)})
            same(DTYPE, array_of(DTYPE, answer.outputs["y"]), EXPECTED)

    @check(f"{DTYPE}: one value fills the shape")
    def _():
        one = EXPECTED[:1, 1:]
        tensor = by_values(DTYPE, one)
        tensor.tensor_shape.dim[0].size, tensor.tensor_shape.dim[1].size = 3, 2
        answer = predict(spec(f"id-{DTYPE}"), {"x": tensor})
        same(DTYPE, array_of(DTYPE, answer.outputs["y"]), np.broadcast_to(one, (3, 2)))


@check("several inputs, chosen outputs, and who answered")
def _():
    one = by_values("float32", np.array([[1, 2]], np.float32))
    two = by_values("float32", np.array([[10, 20]], np.float32))
    answer = predict(spec("pair"), {"a": one, "b": two}, ["difference"])
    equal(list(answer.outputs), ["difference"])
    equal(array_of("float32", answer.outputs["difference"]).tolist(), [[-9, -18]])
    equal((answer.model_spec.name, answer.model_spec.version.value), ("pair", 1))
    equal(answer.model_spec.signature_name, "serving_default")


@check("a version by number, by label, or the live one")
def _():
    equal(halves(spec("half")), [4, 5])
    equal(halves(spec("half", version=1)), [3, 4])
    equal(halves(spec("half", label="stable")), [3, 4])
    equal(halves(spec("half", label="live")), [4, 5])


@check("no rows are refused, and told so")
def _():
    error = refused(grpc.RpcError, lambda: predict(spec("half"), {"x": empty("float32", (0,))}))
    equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
    has(error.details(), "at least one row")


@check("compressed messages")
def _():
    values = np.linspace(0, 1, 50_000, dtype=np.float32)
    request = predict_pb2.PredictRequest(model_spec=spec("half"), inputs={"x": by_content("float32", values)})
    for algorithm in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        answer = call(predictions.Predict, request, compression=algorithm)
        expected = values * np.float32(0.5) + np.float32(3)
        same("float32", array_of("float32", answer.outputs["y"]), expected)


def examples(*rows, context=None):
    made = []
    for row in rows:
        example = Example()
        example.features.feature["f"].float_list.value.extend(row)
        made.append(example)
    if context is None:
        return input_pb2.Input(example_list=input_pb2.ExampleList(examples=made))
    shared = Example()
    shared.features.feature["f"].float_list.value.extend(context)
    both = input_pb2.ExampleListWithContext(examples=made, context=shared)
    return input_pb2.Input(example_list_with_context=both)


def classes_of(result):
    return [[(one.label, one.score) for one in row.classes] for row in result.classifications]


PETS = examples((0.25, 0.5, 9), (2, 1, 0))
CLASSES = [[("cat", 0.25), ("dog", 0.5)], [("cat", 2), ("dog", 1)]]
SUMS = [9.75, 3]


@check("classifies examples")
def _():
    request = classification_pb2.ClassificationRequest(model_spec=spec("pets"), input=PETS)
    answer = call(predictions.Classify, request)
    equal(classes_of(answer.result), CLASSES)
    equal((answer.model_spec.name, answer.model_spec.version.value), ("pets", 1))
    request.model_spec.signature_name = "classification"
    equal(classes_of(call(predictions.Classify, request).result), CLASSES)


@check("regresses examples")
def _():
    request = regression_pb2.RegressionRequest(model_spec=spec("pets"), input=PETS)
    answer = call(predictions.Regress, request)
    equal([one.value for one in answer.result.regressions], SUMS)


@check("examples with a context that all share")
def _():
    shared = examples((), (), context=(1, 2, 3))
    for example in shared.example_list_with_context.examples:
        example.features.feature.clear()
    request = regression_pb2.RegressionRequest(model_spec=spec("pets"), input=shared)
    equal([one.value for one in call(predictions.Regress, request).result.regressions], [6, 6])


@check("several tasks on the same examples")
def _():
    request = inference_pb2.MultiInferenceRequest(input=PETS)
    request.tasks.add(
        model_spec=spec("pets", signature="classification"), method_name="tensorflow/serving/classify"
    )
    request.tasks.add(model_spec=spec("pets", signature="regression"), method_name="tensorflow/serving/regress")
    first, second = call(predictions.MultiInference, request).results
    equal(classes_of(first.classification_result), CLASSES)
    equal([one.value for one in second.regression_result.regressions], SUMS)
    equal((first.model_spec.name, second.model_spec.version.value), ("pets", 1))


@check("gives the signatures of a model")
def _():
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=spec("pets"), metadata_field=["signature_def"]
    )
    answer = call(predictions.GetModelMetadata, request)
    equal((answer.model_spec.name, answer.model_spec.version.value), ("pets", 1))
    signatures = get_model_metadata_pb2.SignatureDefMap()
    equal(answer.metadata["signature_def"].Unpack(signatures), True)
    equal(set(signatures.signature_def), {"serving_default", "classification", "regression"})
    default = signatures.signature_def["serving_default"]
    equal(default.method_name, "tensorflow/serving/predict")
    equal([dim.size for dim in default.inputs["f"].tensor_shape.dim], [-1, 3])


@check("gives the status of a model")
def _():
    request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec("half"))
    states = call(models.GetModelStatus, request).model_version_status
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    equal({(one.version, one.state) for one in states}, {(1, available), (2, available)})
    request.model_spec.version.value = 1
    equal([one.version for one in call(models.GetModelStatus, request).model_version_status], [1])


@check("refuses a new configuration, and says who decides")
def _():
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.add(name="half", base_path="/models/half")
    error = refused(grpc.RpcError, lambda: call(models.HandleReloadConfigRequest, request))
    has(error.details(), "git")


@check("errors have TensorFlow Serving's statuses and texts")
def _():
    x = {"x": by_values("float32", np.array([1], np.float32))}
    wrong = {"x": by_values("float64", np.array([1], np.float64))}
    short = by_content("float32", np.array([1], np.float32))
    short.tensor_shape.dim[0].size = 2
    cases = [
        ("NOT_FOUND", "Latest(nothing)", lambda: predict(spec("nothing"), x)),
        ("NOT_FOUND", "Specific(half, 9)", lambda: predict(spec("half", version=9), x)),
        ("INVALID_ARGUMENT", "label", lambda: predict(spec("half", label="none"), x)),
        ("INVALID_ARGUMENT", "x", lambda: predict(spec("half"), wrong)),
        ("INVALID_ARGUMENT", "x", lambda: predict(spec("half"), {"x": short})),
        ("INVALID_ARGUMENT", "x", lambda: predict(spec("half"), {})),
        ("INVALID_ARGUMENT", "z", lambda: predict(spec("half"), x, ["z"])),
    ]
    for status, text, attempt in cases:
        error = refused(grpc.RpcError, attempt)
        equal((error.code().name, text), (status, text))
        has(error.details(), text)


@check("who answered stands in the metadata")
def _():
    request = predict_pb2.PredictRequest(
        model_spec=spec("half"), inputs={"x": by_values("float32", np.array([1], np.float32))}
    )
    _answer, context = predictions.Predict.with_call(
        request, metadata=(*METADATA, ("understudy-request-id", "my-id")), timeout=30
    )
    told = dict(context.initial_metadata())
    equal((told["understudy-version"], told["understudy-request-id"]), ("2", "my-id"))


channel.close()
finish()
