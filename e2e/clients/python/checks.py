"""Named checks, and where the node is: what every script of this folder shares."""

import json
import os
import sys
import traceback

TARGET = json.loads(os.environ["UNDERSTUDY_TARGET"])
"""host, restPort, grpcPort, key (text or null), caFile (path or null), models (names)."""

REST = f"{TARGET['host']}:{TARGET['restPort']}"
GRPC = f"{TARGET['host']}:{TARGET['grpcPort']}"
AUTHORIZATION = f"Bearer {TARGET['key']}" if TARGET["key"] else None
CA = None
if TARGET["caFile"]:
    with open(TARGET["caFile"], "rb") as file:
        CA = file.read()


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def check(name):
    """Runs what it decorates at once; what is thrown fails this check only."""

    def run(body):
        try:
            body()
        except Exception as error:  # noqa: BLE001
            text = " ".join(str(error).split()) or type(error).__name__
            say(f"FAILED {name}: {text[:500]}")
            traceback.print_exc()
        else:
            say(f"ok {name}")
        return body

    return run


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


def has(text, part):
    if part.lower() not in str(text).lower():
        raise AssertionError(f"{text!r} does not say {part!r}")


def refused(kind, call):
    """The error that a call must end with."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"it was answered: {answer!r}")


def finish():
    """Without this line the caller takes the script for one that ended on the way."""
    say("finished")
