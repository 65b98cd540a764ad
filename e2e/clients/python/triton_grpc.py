"""tritonclient over gRPC, as Triton's users call it."""

import queue

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from checks import AUTHORIZATION, GRPC, TARGET, check, equal, finish, has, refused
from values import VALUES, same



def headers(**more):
    """Made anew for each call: the client writes its own headers into what it is given."""
    return {**({"authorization": AUTHORIZATION} if AUTHORIZATION else {}), **more}

SECURE = {"ssl": True, "root_certificates": TARGET["caFile"]} if TARGET["caFile"] else {}

client = triton.InferenceServerClient(url=GRPC, **SECURE)


def tensor(name, values):
    given = triton.InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    given.set_data_from_numpy(values)
    return given


def half(values):
    return tensor("x", np.array(values, np.float32))


def infer(model, inputs, outputs=None, **more):
    return client.infer(model, inputs, outputs=outputs, headers=headers(), **more)


@check("is live and ready")
def _():
    equal((client.is_server_live(headers=headers()), client.is_server_ready(headers=headers())), (True, True))
    equal(client.is_model_ready("half", headers=headers()), True)
    equal(client.is_model_ready("half", "1", headers=headers()), True)


@check("gives server and model metadata")
def _():
    equal(client.get_server_metadata(headers=headers()).name, "understudy")
    answer = client.get_model_metadata("half", headers=headers(), as_json=True)
    equal((answer["name"], answer["versions"]), ("half", ["1", "2"]))
    equal(answer["inputs"], [{"name": "x", "datatype": "FP32", "shape": ["-1"]}])


@check("gives the model configuration")
def _():
    config = client.get_model_config("pair", headers=headers()).config
    equal((config.name, [one.name for one in config.input]), ("pair", ["a", "b"]))


@check("gives the repository index")
def _():
    models = client.get_model_repository_index(headers=headers()).models
    equal({one.name for one in models}, set(TARGET["models"]))
    equal({one.state for one in models}, {"READY"})


@check("counts in the statistics")
def _():
    def count():
        return client.get_inference_statistics("half", "2", headers=headers()).model_stats[0].inference_count

    before = count()
    infer("half", [half([1, 2, 3])])
    equal(count() - before, 3)


@check("refuses load and unload, and says why")
def _():
    for call in (client.load_model, client.unload_model):
        error = refused(InferenceServerException, lambda call=call: call("half", headers=headers()))
        equal(error.status(), "StatusCode.UNAVAILABLE")
        has(error.message(), "the Git repository decides")


for DTYPE, EXPECTED in VALUES.items():

    @check(f"{DTYPE}: raw in and out")
    def _():
        answer = infer(f"id-{DTYPE}", [tensor("x", EXPECTED)])
        same(DTYPE, answer.as_numpy("y"), EXPECTED)


@check("several inputs and chosen outputs, the id comes back")
def _():
    inputs = [tensor("a", np.array([[1, 2]], np.float32)), tensor("b", np.array([[10, 20]], np.float32))]
    answer = infer("pair", inputs, [triton.InferRequestedOutput("difference")], request_id="one-42")
    document = answer.get_response()
    equal((document.id, document.model_name, document.model_version), ("one-42", "pair", "1"))
    equal([one.name for one in document.outputs], ["difference"])
    equal(answer.as_numpy("difference").tolist(), [[-9, -18]])


@check("no rows are refused, and told so")
def _():
    error = refused(InferenceServerException, lambda: infer("half", [half([])]))
    has(error.message(), "at least one row")


@check("a version by its number, else the live one")
def _():
    equal(infer("half", [half([2])], model_version="1").as_numpy("y").tolist(), [3])
    equal(infer("half", [half([2])]).as_numpy("y").tolist(), [4])


@check("compressed messages")
def _():
    values = np.linspace(0, 1, 50_000, dtype=np.float32)
    for algorithm in ("gzip", "deflate"):
        answer = infer("half", [tensor("x", values)], compression_algorithm=algorithm)
        same("float32", answer.as_numpy("y"), values * np.float32(0.5) + np.float32(3))


@check("classes of an output, with their labels")
def _():
    outputs = [triton.InferRequestedOutput("scores", class_count=1)]
    answer = infer("pets", [tensor("f", np.array([[0.25, 0.5, 9], [2, 1, 0]], np.float32))], outputs)
    parts = [row[0].decode().split(":") for row in answer.as_numpy("scores").tolist()]
    equal([(float(score), at, label) for score, at, label in parts], [(0.5, "1", "dog"), (2.0, "0", "cat")])


@check("many requests in flight")
def _():
    answers = queue.Queue()
    for at in range(50):
        client.async_infer(
            "half",
            [half([at])],
            callback=lambda result, error: answers.put((result, error)),
            headers=headers(),
            request_id=str(at),
        )
    for _ in range(50):
        result, error = answers.get(timeout=30)
        if error:
            raise error
        at = int(result.get_response().id)
        equal(result.as_numpy("y").tolist(), [at / 2 + 3])


@check("a stream: answers in order, an error in between")
def _():
    answers = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)), headers=headers())
    try:
        for at in range(20):
            client.async_stream_infer("half" if at != 10 else "nothing", [half([at])], request_id=str(at))
        for at in range(20):
            result, error = answers.get(timeout=30)
            if at == 10:
                has(error, "nothing")
            else:
                equal((error, result.get_response().id), (None, str(at)))
                equal(result.as_numpy("y").tolist(), [at / 2 + 3])
    finally:
        client.stop_stream()


@check("errors have gRPC's statuses")
def _():
    double = tensor("x", np.array([1], np.float64))
    cases = [
        ("NOT_FOUND", "nothing", lambda: infer("nothing", [half([1])])),
        ("NOT_FOUND", "version 9", lambda: infer("half", [half([1])], model_version="9")),
        ("INVALID_ARGUMENT", "x", lambda: infer("half", [double])),
        ("INVALID_ARGUMENT", "x", lambda: infer("half", [tensor("y", np.array([1], np.float32))])),
        ("INVALID_ARGUMENT", "z", lambda: infer("half", [half([1])], [triton.InferRequestedOutput("z")])),
    ]
    for status, text, call in cases:
        error = refused(InferenceServerException, call)
        equal((error.status(), text), (f"StatusCode.{status}", text))
        has(error.message(), text)


client.close()
finish()
