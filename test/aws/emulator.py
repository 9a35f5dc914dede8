"""Runs MiniStack until whoever started it closes its standard input, so that no end of a test run leaves it behind."""

import os
import signal
import sys
import threading

from ministack.core import iam_actions

known_conditions = iam_actions._s3_object_context


def with_if_none_match(action, query, path, headers):
    """Adds the one condition key of our bucket policies that MiniStack does not know.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    context = known_conditions(action, query, path, headers)
    if action == "s3:PutObject" and headers.get("if-none-match"):
        context["s3:if-none-match"] = headers["if-none-match"]
    return context


def stop_with_parent():
    sys.stdin.buffer.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)  # the functions that it runs are processes of its group


iam_actions._s3_object_context = with_if_none_match
threading.Thread(target=stop_with_parent, daemon=True).start()

from ministack.app import main  # noqa: E402  the service modules must not be loaded before

main()
