"""A gRPC channel to the node, and what a call carries."""

import grpc

from checks import AUTHORIZATION, CA, GRPC

METADATA = (("authorization", AUTHORIZATION),) if AUTHORIZATION else ()


def open_channel(target=GRPC):
    if CA:
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(CA))
    return grpc.insecure_channel(target)
