"""What functions and jobs see of the environment that the service was started in."""

import os
from collections.abc import Mapping

PASSED_ON = frozenset({
    "PATH", "HOME", "LANG", "TZ", "TMPDIR", "LOG_LEVEL", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
})  # fmt: skip
PASSED_ON_PREFIXES = ("NOTORIOUS_", "LC_", "PYTHON", "POWERTOOLS_")


def passed_on(host: Mapping[str, str]) -> dict[str, str]:
    """What functions see of the environment that the service was started in."""
    seen = {n: v for n, v in host.items() if n in PASSED_ON or n.startswith(PASSED_ON_PREFIXES)}
    # Without these, an AWS profile of the user's could send a function to the real cloud.
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    # There is no X-Ray to send traces to; Powertools would log every one that it cannot send.
    return {**seen, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", "POWERTOOLS_TRACE_DISABLED": "true"}
