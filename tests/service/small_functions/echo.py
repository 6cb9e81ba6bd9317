"""Does on request what a function can do wrong."""

import os
import subprocess
import sys
import time

PRINT_A_REPLY = """import json; print(json.dumps({"status": "ok", "result": "from the child"}))"""
calls = 0


class StrangeMaterial(Exception):
    """An error of the function's own."""


def handler(event, context):
    global calls
    calls += 1
    wish = event.get("wish", "")
    if wish == "raise":
        raise StrangeMaterial("not to be had")
    if wish == "environment":
        return dict(os.environ)
    if wish == "child prints a reply":
        subprocess.run([sys.executable, "-c", PRINT_A_REPLY], check=True)
        return "from the function"
    if wish == "child prints much":
        subprocess.run([sys.executable, "-c", "[print(n) for n in range(1000)]"], check=True)
        return "from the function"
    if wish == "child reads input":
        command = [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if wish == "log":
        print("a line of the log")
    if wish == "sleep":
        child = subprocess.Popen(["sleep", "600"])
        with open(event["note"], "w") as file:
            file.write(f"{os.getpid()} {child.pid}")
        time.sleep(event["seconds"])
    if wish == "fail once" and not os.path.exists(event["note"]):
        open(event["note"], "w").close()
        raise StrangeMaterial("the first time")
    return {"calls": calls, "pid": os.getpid()}
