"""What the node serves, told by server reflection and read with Google's client of it."""

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from channel import METADATA, open_channel
from checks import AUTHORIZATION, check, equal, finish


class WithKey(grpc.StreamStreamClientInterceptor):
    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(details._replace(metadata=METADATA), requests)


channel = open_channel()
if AUTHORIZATION:
    channel = grpc.intercept_channel(channel, WithKey())
database = ProtoReflectionDescriptorDatabase(channel)
pool = DescriptorPool(database)


@check("lists every service")
def _():
    found = set(database.get_services())
    for name in (
        "inference.GRPCInferenceService",
        "tensorflow.serving.PredictionService",
        "tensorflow.serving.ModelService",
        "grpc.health.v1.Health",
    ):
        equal((name, name in found), (name, True))


@check("describes its methods well enough to call them")
def _():
    service = pool.FindServiceByName("inference.GRPCInferenceService")
    method = service.FindMethodByName("ModelReady")
    ask, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    ready = channel.unary_unary(
        "/inference.GRPCInferenceService/ModelReady",
        request_serializer=ask.SerializeToString,
        response_deserializer=answer.FromString,
    )
    equal(ready(ask(name="half"), metadata=METADATA, timeout=30).ready, True)


@check("describes TensorFlow Serving's messages")
def _():
    message = pool.FindMessageTypeByName("tensorflow.serving.PredictRequest")
    equal(message.fields_by_name["inputs"].number, 2)


finish()
