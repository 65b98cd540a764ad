"""Stubs generated from the protocol files, for the Open Inference Protocol and for health."""

import grpc
import health_pb2
import health_pb2_grpc
import numpy as np
from grpc_service_pb2 import (
    InferTensorContents,
    ModelInferRequest,
    ModelMetadataRequest,
    ModelReadyRequest,
    RepositoryModelLoadRequest,
    ServerLiveRequest,
    ServerReadyRequest,
)
from grpc_service_pb2_grpc import GRPCInferenceServiceStub

from channel import METADATA, open_channel
from checks import AUTHORIZATION, check, equal, finish, has, refused
from values import VALUES, same

channel = open_channel()
service = GRPCInferenceServiceStub(channel)

FIELDS = {
    "float32": ("FP32", "fp32_contents"),
    "float64": ("FP64", "fp64_contents"),
    "int8": ("INT8", "int_contents"),
    "int16": ("INT16", "int_contents"),
    "int32": ("INT32", "int_contents"),
    "int64": ("INT64", "int64_contents"),
    "uint8": ("UINT8", "uint_contents"),
    "uint16": ("UINT16", "uint_contents"),
    "uint32": ("UINT32", "uint_contents"),
    "uint64": ("UINT64", "uint64_contents"),
    "bool": ("BOOL", "bool_contents"),
    "string": ("BYTES", "bytes_contents"),
}


def call(method, request):
    return method(request, metadata=METADATA, timeout=30)


def typed(model, dtype, values):
    datatype, field = FIELDS[dtype]
    listed = values.reshape(-1).tolist()
    if dtype == "string":
        listed = [one.encode() for one in listed]
    request = ModelInferRequest(model_name=model)
    # Without this the answer is raw, as Triton's is, whatever the form of the request.
    request.parameters["binary_data_output"].bool_param = False
    contents = InferTensorContents(**{field: listed})
    request.inputs.add(name="x", datatype=datatype, shape=values.shape, contents=contents)
    return request


@check("is live and ready")
def _():
    equal(call(service.ServerLive, ServerLiveRequest()).live, True)
    equal(call(service.ServerReady, ServerReadyRequest()).ready, True)
    equal(call(service.ModelReady, ModelReadyRequest(name="half")).ready, True)
    equal(call(service.ModelMetadata, ModelMetadataRequest(name="half")).inputs[0].datatype, "FP32")


for DTYPE, (DATATYPE, FIELD) in FIELDS.items():

    @check(f"{DTYPE}: typed in and out")
    def _():
        expected = VALUES[DTYPE]
        answer = call(service.ModelInfer, typed(f"id-{DTYPE}", DTYPE, expected))
        output = answer.outputs[0]
        equal((output.datatype, len(answer.raw_output_contents)), (DATATYPE, 0))
        listed = list(getattr(output.contents, FIELD))
        given = np.array(listed, expected.dtype).reshape(list(output.shape))
        same(DTYPE, given, expected)


@check("typed in, raw out unless it is asked for otherwise")
def _():
    request = typed("half", "float32", np.array([2, 4], np.float32))
    request.parameters.clear()
    answer = call(service.ModelInfer, request)
    equal(np.frombuffer(answer.raw_output_contents[0], np.float32).tolist(), [4, 5])


@check("typed and raw contents in one request are refused")
def _():
    request = typed("half", "float32", np.array([1], np.float32))
    request.raw_input_contents.append(b"\0\0\0\0")
    error = refused(grpc.RpcError, lambda: call(service.ModelInfer, request))
    equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT)


@check("refuses to load a model, and says why")
def _():
    error = refused(
        grpc.RpcError,
        lambda: call(service.RepositoryModelLoad, RepositoryModelLoadRequest(model_name="half")),
    )
    equal(error.code(), grpc.StatusCode.UNAVAILABLE)
    has(error.details(), "the Git repository decides")


@check("tells its health, without a key too")
def _():
    health = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for name in ("", "inference.GRPCInferenceService", "tensorflow.serving.PredictionService"):
        equal((name, health.Check(health_pb2.HealthCheckRequest(service=name), timeout=30).status), (name, serving))
    first = next(health.Watch(health_pb2.HealthCheckRequest(), timeout=30))
    equal(first.status, serving)


@check("a call without its key is answered only where none is needed")
def _():
    request = typed("half", "float32", np.array([2], np.float32))
    if AUTHORIZATION is None:
        equal(list(service.ModelInfer(request, timeout=30).outputs[0].contents.fp32_contents), [4])
        return
    wrong = (("authorization", "Bearer us_0000000000000000_" + "A" * 43),)
    for metadata in ((), wrong):
        error = refused(grpc.RpcError, lambda: service.ModelInfer(request, metadata=metadata, timeout=30))
        equal(error.code(), grpc.StatusCode.UNAUTHENTICATED)


channel.close()
finish()
