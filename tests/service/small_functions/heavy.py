"""Is heavy by its memory; notes when it begins and ends."""

import os
import time


def handler(event, context):
    with open(event["note"], "a") as file:
        file.write("+")
        file.flush()
        time.sleep(event["seconds"])
        file.write("-")
    return {"niceness": os.nice(0), "pid": os.getpid()}
