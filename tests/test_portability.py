"""That an old processor is imitated whole, so that `make portability` shows what it would print."""

import os
import platform
import subprocess
import sys

import pytest

from tools import portability

PRINTED = "from numpy._core._multiarray_umath import __cpu_dispatch__ as more, __cpu_features__ as can\n"
PRINTED += "import hashlib, math\nprint(*(name for name in more if can[name]))\n"
PRINTED += "print(hashlib.md5(str([math.exp(x / 999) for x in range(9999)]).encode()).hexdigest())"


@pytest.mark.skipif((platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="only there")
def test_numpy_and_the_c_library_leave_out_what_is_new():
    def says(**environment):
        command = [sys.executable, "-W", "error", "-c", PRINTED]
        run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
        return run.stdout.splitlines()

    (new, today), (old, then) = says(), says(**portability.old())
    assert old == ""
    assert (today == then) == (new == "")
