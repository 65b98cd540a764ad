"""tritonclient over HTTP, as Triton's users call it."""

import json
import ssl

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from checks import AUTHORIZATION, REST, TARGET, check, equal, finish, has, refused
from values import VALUES, same



def headers(**more):
    """Made anew for each call: the client writes its own headers into what it is given."""
    return {**({"authorization": AUTHORIZATION} if AUTHORIZATION else {}), **more}



def connect(**more):
    secure = {}
    if TARGET["caFile"]:
        context = lambda: ssl.create_default_context(cafile=TARGET["caFile"])  # noqa: E731
        secure = {"ssl": True, "ssl_context_factory": context}
    return http.InferenceServerClient(url=REST, network_timeout=30, connection_timeout=30, **secure, **more)


client = connect(concurrency=8)


def tensor(name, values, binary=True):
    given = http.InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def infer(model, inputs, outputs=None, **more):
    return client.infer(model, inputs, outputs=outputs, headers=headers(), **more)


def half(values):
    return tensor("x", np.array(values, np.float32))


@check("is live and ready")
def _():
    equal((client.is_server_live(), client.is_server_ready()), (True, True))
    equal(client.is_model_ready("half", headers=headers()), True)
    equal(client.is_model_ready("half", "1", headers=headers()), True)
    equal(client.is_model_ready("nothing", headers=headers()), False)


@check("gives server metadata")
def _():
    answer = client.get_server_metadata(headers=headers())
    equal(answer["name"], "understudy")
    has(answer["extensions"], "binary_tensor_data")
    has(answer["extensions"], "statistics")


@check("gives model metadata")
def _():
    answer = client.get_model_metadata("half", headers=headers())
    equal((answer["name"], answer["versions"]), ("half", ["1", "2"]))
    equal(answer["inputs"], [{"name": "x", "datatype": "FP32", "shape": [-1]}])
    equal(client.get_model_metadata("half", "1", headers=headers())["versions"], ["1"])


@check("gives the model configuration")
def _():
    answer = client.get_model_config("pair", headers=headers())
    equal(answer["name"], "pair")
    equal([one["name"] for one in answer["input"]], ["a", "b"])


@check("gives the repository index")
def _():
    index = client.get_model_repository_index(headers=headers())
    equal({one["name"] for one in index}, set(TARGET["models"]))
    equal({one["state"] for one in index}, {"READY"})


@check("counts in the statistics")
def _():
    def count():
        answer = client.get_inference_statistics("half", "2", headers=headers())
        return answer["model_stats"][0]["inference_count"]

    before = count()
    infer("half", [half([1, 2, 3])])
    equal(count() - before, 3)
    everything = client.get_inference_statistics(headers=headers())["model_stats"]
    equal({one["name"] for one in everything}, set(TARGET["models"]))


@check("refuses load and unload, and says why")
def _():
    for call in (client.load_model, client.unload_model):
        error = refused(InferenceServerException, lambda call=call: call("half", headers=headers()))
        equal(error.status(), "503")
        has(error.message(), "the Git repository decides")


for DTYPE, EXPECTED in VALUES.items():

    @check(f"{DTYPE}: binary in and out")
    def _():
        answer = infer(f"id-{DTYPE}", [tensor("x", EXPECTED)])
        same(DTYPE, answer.as_numpy("y"), EXPECTED)

    if DTYPE == "float16":
        continue

    @check(f"{DTYPE}: binary in, JSON out")
    def _():
        finite = EXPECTED if EXPECTED.dtype.kind != "f" else EXPECTED[:2]
        outputs = [http.InferRequestedOutput("y", binary_data=False)]
        answer = infer(f"id-{DTYPE}", [tensor("x", finite)], outputs)
        same(DTYPE, answer.as_numpy("y"), finite)

    @check(f"{DTYPE}: JSON in, binary out")
    def _():
        # tritonclient itself writes no NaN as JSON, and no integer that a double cannot hold.
        finite = EXPECTED if EXPECTED.dtype.kind != "f" else EXPECTED[:2]
        answer = infer(f"id-{DTYPE}", [tensor("x", finite, binary=False)])
        same(DTYPE, answer.as_numpy("y"), finite)


@check("half floats have no JSON form: refused, with that")
def _():
    outputs = [http.InferRequestedOutput("y", binary_data=False)]
    error = refused(
        InferenceServerException, lambda: infer("id-float16", [tensor("x", VALUES["float16"])], outputs)
    )
    equal(error.status(), "400")
    has(error.message(), "FP16")


@check("several inputs and chosen outputs, the id comes back")
def _():
    a, b = np.array([[1, 2]], np.float32), np.array([[10, 20]], np.float32)
    inputs = [tensor("a", a), tensor("b", b, binary=False)]
    answer = infer("pair", inputs, [http.InferRequestedOutput("difference")], request_id="one-42")
    document = answer.get_response()
    equal((document["id"], document["model_name"], document["model_version"]), ("one-42", "pair", "1"))
    equal([one["name"] for one in document["outputs"]], ["difference"])
    equal(answer.as_numpy("difference").tolist(), [[-9, -18]])


@check("no rows are refused, and told so")
def _():
    error = refused(InferenceServerException, lambda: infer("half", [half([])]))
    has(error.message(), "at least one row")


@check("a version by its number, else the live one")
def _():
    equal(infer("half", [half([2])], model_version="1").as_numpy("y").tolist(), [3])
    answer = infer("half", [half([2])])
    equal((answer.as_numpy("y").tolist(), answer.get_response()["model_version"]), ([4], "2"))


@check("compressed requests and answers")
def _():
    values = np.linspace(0, 1, 50_000, dtype=np.float32)
    for given in (None, "gzip", "deflate"):
        for wanted in (None, "gzip", "deflate"):
            answer = infer(
                "half",
                [tensor("x", values)],
                request_compression_algorithm=given,
                response_compression_algorithm=wanted,
            )
            same("float32", answer.as_numpy("y"), values * np.float32(0.5) + np.float32(3))


@check("classes of an output, with their labels")
def _():
    scores = np.array([[0.25, 0.5, 9], [2, 1, 0]], np.float32)
    outputs = [http.InferRequestedOutput("scores", class_count=2)]
    classes = infer("pets", [tensor("f", scores)], outputs).as_numpy("scores")
    parts = [[text.decode().split(":") for text in row] for row in classes.tolist()]
    equal([[(float(score), at, label) for score, at, label in row] for row in parts],
          [[(0.5, "1", "dog"), (0.25, "0", "cat")], [(2.0, "0", "cat"), (1.0, "1", "dog")]])


@check("many requests in flight")
def _():
    waiting = [client.async_infer("half", [half([at])], headers=headers()) for at in range(50)]
    equal([one.get_result().as_numpy("y").tolist() for one in waiting], [[at / 2 + 3] for at in range(50)])


@check("bodies made ahead of time")
def _():
    body, header_length = http.InferenceServerClient.generate_request_body([half([4])])
    path = "v2/models/half/infer"
    sent = headers(**{"Inference-Header-Content-Length": str(header_length)})
    answer = client._post(path, request_body=body, headers=sent, query_params=None)
    length = answer.get("Inference-Header-Content-Length")
    result = http.InferenceServerClient.parse_response_body(
        answer.read(), header_length=int(length) if length else None
    )
    equal(result.as_numpy("y").tolist(), [5])


@check("a raw body is one input, its answer is binary")
def _():
    sent = headers(**{"Inference-Header-Content-Length": "0"})
    body = np.array([2, 4], np.float32).tobytes()
    answer = client._post("v2/models/half/infer", request_body=body, headers=sent, query_params=None)
    result = http.InferenceServerClient.parse_response_body(
        answer.read(), header_length=int(answer.get("Inference-Header-Content-Length"))
    )
    equal(result.as_numpy("y").tolist(), [4, 5])


@check("who answered stands in the headers")
def _():
    answer = client._get("v2/models/half", headers=headers(**{"understudy-request-id": "my-id"}), query_params=None)
    equal((answer.get("understudy-version"), answer.get("understudy-request-id")), ("2", "my-id"))
    equal(answer.get("understudy-generation"), "7")


@check("errors are Triton's: status and body")
def _():
    cases = [
        ("404", "unknown model", lambda: infer("nothing", [half([1])])),
        ("404", "version 9", lambda: infer("half", [half([1])], model_version="9")),
        ("400", "float32 [N]", lambda: infer("half", [tensor("x", np.array([1], np.float64))])),
        ("400", '"y"', lambda: infer("half", [tensor("y", np.array([1], np.float32))])),
        ("400", "float32 [N]", lambda: infer("half", [tensor("x", np.array([[1]], np.float32))])),
        ("400", '"z"', lambda: infer("half", [half([1])], [http.InferRequestedOutput("z")])),
    ]
    for status, text, call in cases:
        error = refused(InferenceServerException, call)
        equal((error.status(), text), (status, text))
        has(error.message(), text)


@check("what the client does not need to parse is strict JSON")
def _():
    json.loads(client._get("v2/models/half", headers=headers(), query_params=None).read())


finish()
