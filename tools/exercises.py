"""Makes exercises/ from solutions/.

python -m tools.exercises
"""

import sys

from course_lib.grading.release import exercise
from tools.refresh import ROOT


def main():
    for solution in sorted((ROOT / "solutions").glob("*.ipynb")):
        sheet = ROOT / "exercises" / solution.name
        sheet.parent.mkdir(exist_ok=True)
        sheet.write_text(exercise(solution), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
