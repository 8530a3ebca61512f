"""Runs every notebook as an old processor would: what it prints must be what a new one printed.

    python -m tools.portability                      some minutes; on x86-64 with Linux
    python -m tools.portability notebooks/x.ipynb    only these

Numbers may differ in their last bits with the processor, for OpenBLAS, NumPy and the C library each choose other code.
A line that shows such a bit differs here.
"""

import os
import platform
import subprocess
import sys

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from tools.refresh import ROOT, SOURCES


def main(*paths):
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "An old processor can be imitated on x86-64 with Linux alone."
    return subprocess.call([sys.executable, "-m", "pytest", *(paths or SOURCES)], cwd=ROOT, env=os.environ | old())


def old():
    """The variables that make OpenBLAS, NumPy and glibc leave out all that came after 2008."""
    return {
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in __cpu_dispatch__ if __cpu_features__[name]),
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4",
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
