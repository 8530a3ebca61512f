"""Runs the tests and the notebooks with the oldest packages that pyproject.toml allows, so that its bounds are true.

python -m tools.lowest                          some minutes; it fetches the packages, into a folder that it removes
python -m tools.lowest tests/test_plots.py      only these
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tools.refresh import ROOT


def main(*arguments):
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder)
        python = Path(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
        lowest = ["--resolution", "lowest-direct", "-r", "pyproject.toml", "--group", "dev"]
        for what in (lowest, ["--no-deps", "--editable", "."]):
            subprocess.run([*install, *what], cwd=ROOT, check=True)
        concerned = ["-m", "not sandbox and not browser", "--ignore=tests/test_course.py"]  # which installs the locks
        return subprocess.call([python, "-m", "pytest", *concerned, *arguments], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
