"""The recipes of CONTRIBUTING.md, each followed in a copy of the course: the tests that concern it pass there."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_lib import style
from tools import claims

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
RUFF = "tests/test_house.py::test_every_format_and_rule_of_ruff_holds"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "build", "__pycache__", ".ipynb_checkpoints"
)


@pytest.fixture
def course(tmp_path):
    """The folder of a copy, in which `python` starts Python."""
    shutil.copytree(ROOT, tmp_path / "course", ignore=LEFT_OUT)
    return tmp_path / "course"


def python(course, *arguments):
    environment = os.environ | {"PYTHONPATH": str(course)}
    command = [sys.executable, *arguments]
    run = subprocess.run(
        command, cwd=course, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def passes(course, *arguments):
    return python(course, "-m", "pytest", "-v", "-n", "0", *arguments)


def put(path, text, before):
    """Puts a text in front of another, which must be there once."""
    old = path.read_text(encoding="utf-8")
    assert old.count(before) == 1
    path.write_text(old.replace(before, text + before), encoding="utf-8")


OPTIMIZER = r'''def qhm(x, g, v=0.0, *, lr, beta=0.999, nu=0.7):
    r"""Quasi-hyperbolic momentum: a mean of the gradient and of its running mean.

    $v_{t+1} = \beta v_t + (1-\beta) g_t,\quad x_{t+1} = x_t - \eta\,[(1-\nu) g_t + \nu v_{t+1}]$

    x, g: point and gradient, float arrays (d, *runs).
    v: running mean of the gradients, shape of x; starts at 0.
    lr: learning rate $\eta \ge 0$; 0 stays where it is.
    beta: share of the old mean in [0, 1); 0 is gradient descent, towards 1 the mean stays at 0.
    nu: share of the mean in the step, in [0, 1]; 0 is gradient descent, 1 is `momentum_ema`.
    Returns (x, v), each of the shape of x.
    Source: Ma and Yarats (2019), eq. 3. Neither torch nor optax has it.
    """
    v = beta * v + (1 - beta) * g
    return x - lr * ((1 - nu) * g + nu * v), v


'''


def free_look():
    """A colour, a dash and a marker by their names, of which no method with this colour has the dash or the marker."""
    taken = [*style.STYLE.values(), *style.OWN]
    for colour, dash, marker in itertools.product(("SKY", "GREEN", "INK"), ("DOTTED", "DASHDOT", "LONG"), "os^Dv<>pPX"):
        look = [getattr(style, colour), getattr(style, dash), marker]
        if all(look[0] != row[0] or (look[1] != row[1] and look[2] != row[2]) for row in taken):
            return f'({colour}, {dash}, "{marker}")'


def test_an_optimizer_that_no_library_has(course):
    put(course / "course_lib" / "optimizers.py", OPTIMIZER, before="def nesterov(")
    put(course / "course_lib" / "style.py", f'    "qhm": {free_look()},\n', before='    "nesterov":')
    assert "[qhm" in passes(course, "tests/test_optimizers.py", "tests/test_style.py", RUFF)


SURFACE = r'''booth = Surface(
    "Booth",
    lambda p: (p[0] + 2 * p[1] - 7) * (p[0] + 2 * p[1] - 7) + (2 * p[0] + p[1] - 5) * (2 * p[0] + p[1] - 5),
    lambda p: np.array((10 * p[0] + 8 * p[1] - 34, 8 * p[0] + 10 * p[1] - 38)),
    hessian=lambda p: matrix(p, 10, 8, 10),
    start=(-8, 8),
    window=((-10, 10), (-10, 10)),
    minima=((1, 3),),
    L=18.0,
    mu=2.0,
)
r"""A slanted bowl. $(x + 2y - 7)^2 + (2x + y - 5)^2$"""


'''


def test_a_surface(course):
    put(course / "course_lib" / "surfaces.py", SURFACE, before="monkey_saddle = Surface(")
    formula = '    "Booth": lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,\n'
    put(course / "tests" / "test_surfaces.py", formula, before='    "saddle": ')
    assert "[Booth" in passes(course, "tests/test_surfaces.py", RUFF)


NUMBER = f"{1 + max(int(path.name[:2]) for path in (ROOT / 'notebooks').glob('*.ipynb')):02d}"  # the next one
NAME = f"{NUMBER}_products"
FIGURE = '''"""Products: one rate on a bowl."""

from course_lib.descent import descend
from course_lib.live.figure import Figure
from course_lib.live.parts import Lines, Panel, Slider
from course_lib.optimizers import gd
from course_lib.surfaces import quartic


def bowl():
    """Gradient descent on x⁴ as a live figure: turn the rate."""

    def compute(lr):
        return {"height": descend(gd, quartic, quartic.start, 20, lr=lr)}

    heights = Panel("Place", [Lines("height", ["gd"])], x=(0, 20), y=(-2, 2), xlabel="step", ylabel="x")
    return Figure("One rate", [heights], [Slider("lr", "learning rate", 0, 0.2, 0.01)], compute)
'''
QUESTIONS = f"""[{NUMBER}-why]
question = 'Why do many factors matter?'
right = 'products'
[{NUMBER}-why.answers]
"products" = 'Yes: a product of many factors is huge or tiny.'
"sums" = 'A sum of many terms grows slowly.'
"size" = 'Wide networks are large, too.'
"""
CELLS = [
    f"# {NUMBER} · Products of many factors grow or vanish\n\nA product of many factors.\n\n"
    "**After this lesson you will be able to**\n\n1. say what a product of factors does.\n\n"
    "**You need** multiplication. **Time:** 10 minutes.",
    "from course_lib import live, plots\nfrom course_lib.quiz import ask, calibration, predict, reveal",
    "## 1. A product of factors\n\nEach layer multiplies.",
    f'predict("{NUMBER}-half", "Of 1, what do ten halvings leave?")',
    f'left = 0.5**10\nreveal("{NUMBER}-half", left)',
    f'predict("{NUMBER}-double", "Of 1, what do ten doublings make?")',
    f'reveal("{NUMBER}-double", 2**10)',
    f'predict("{NUMBER}-one", "And ten times 1?")',
    f'reveal("{NUMBER}-one", 1)',
    "<details><summary>What it shows</summary>\n\nTen factors.\n\n</details>",
    'print(f"ten halvings: {left:.5f}")',
    'ax = plots.curves({"gd": [0.5**n for n in range(11)]})\nax.set_title("Ten halvings")\n'
    'plots.show("A straight line falls on a logarithmic scale, by half in each of ten steps.")',
    "## 2. Turn it",
    "live.bowl()",
    "*Figure: the place of a ball over twenty steps, with a slider for its rate.*",
    f'ask("{NUMBER}-why")',
    "## What you can do now\n\nSay what a product does.",
    "calibration()",
]
CLAIM = """[[claim]]
number = {number}
lesson = "{name}"
says = "Ten halvings leave next to nothing."
truth = "They leave a thousandth."
source = "arithmetic"
[claim.measured]
"ten halvings" = {{ is = 0.00098, within = 1e-5 }}
"""
NOTES = f"""
## {NUMBER} · Products of many factors grow or vanish

### Minutes

| minutes | section |
|---:|---|
| 1 | Opening |
| 6 | 1. A product of factors |
| 2 | 2. Turn it |
| 1 | What you can do now |

### Predict and discuss

`{NUMBER}-why`, section 2.

1. **products** ✓ Ask who voted for it.
2. **sums** Say: add ten halves.
3. **size** Say: one layer can be wide.

### Move

`live.bowl()`.

**Ask first.** Where does it end?

**Then move.** At 0.2 it is fastest.

### When late

| saves | cut | what to say instead |
|---:|---|---|
| 2 | 2. Turn it | A rate is a rate. |

### A late learner

goes on at **2. Turn it**. All above takes 2 seconds.

### Stumbling blocks

1. **Powers.** A half to the tenth is a thousandth.
2. **Scales.** A straight line on a logarithmic scale is a constant factor.
"""
ROW = f"| {NUMBER} | [Products of many factors grow or vanish](notebooks/{NAME}.ipynb) | 10 | |\n"


def test_a_lesson(course):
    new = nbformat.v4
    cells = [(new.new_markdown_cell if source[0] in "#<*" else new.new_code_cell)(source, id=f"c{i}")
             for i, source in enumerate(CELLS)]  # fmt: skip
    number = 1 + max(claim["number"] for claim in claims.ledger())
    cells[10].metadata["tags"] = [f"claim-{number}"]
    nbformat.write(new.new_notebook(cells=cells), course / "notebooks" / f"{NAME}.ipynb")
    (course / "course_lib" / "live" / f"lesson{NUMBER}.py").write_text(FIGURE, encoding="utf-8")
    (course / "course_lib" / "questions" / f"{NUMBER}.toml").write_text(QUESTIONS, encoding="utf-8")
    put(
        course / "course_lib" / "live" / "__init__.py",
        f"from course_lib.live.lesson{NUMBER} import bowl\n",
        before="from course_lib.live.parts import",
    )
    put(course / "README.md", ROW, before="\nWhat is often said about optimizers")
    for name, text in (
        ("tests/claims.toml", f"\n{CLAIM.format(number=number, name=NAME)}"),
        ("teaching/lessons.md", NOTES),
    ):
        with open(course / name, "a", encoding="utf-8") as file:
            file.write(text)
    python(course, "-m", "tools.refresh", f"notebooks/{NAME}.ipynb")
    python(course, "-m", "tools.claims")
    passes(course, f"notebooks/{NAME}.ipynb")
    concerned = (
        f"{NAME} or test_claims or test_house or test_teaching and ({NUMBER} or notes or timetable or keys or semester)"
    )
    files = [f"tests/test_{file}.py" for file in ("notebooks", "slides", "claims", "house", "teaching")]
    said = passes(course, "-p", "no:nbval", "--override-ini=addopts=--import-mode=importlib", "-k", concerned, *files)
    assert all(f"{file}::" in said for file in files)


SHEET = "02_gradients"
EXERCISE = '''

# 2.11


def steep(rng):
    return case("", 1 + np.abs(draws.array(rng, draws.shape(rng))))


@function(
    "2.11 Home in one step", points=1, read=RATE, says="From there a step lands at the minimum.",
    cases=[case("one bowl", np.array([4.0])), case("two side by side", np.array([1.0, 10.0]))],
    draw=steep,
    mistakes="""
        1 / L -> 2 / L : this is the edge; half of it arrives at once
            -> L : a steeper bowl needs a smaller rate
            -> 1 / L**2 : a step is the rate times the slope L x, and L stands there once
    """,
)  # fmt: skip
def landing(L):
    return 1 / L
'''
TASK = """## 2.11 Home in one step ★☆☆ · 1 point · 1 line · 5 minutes

At which rate does a step of gradient descent on a bowl of curvature $L$ land at its minimum?"""
ANSWER = '''def landing(L):
    """The rate for each curvature. L and the result: arrays (n,)."""
    ### BEGIN SOLUTION
    return 1 / L
    ### END SOLUTION'''


def test_an_exercise(course):
    path, new = course / "solutions" / f"{SHEET}.ipynb", nbformat.v4
    with open(course / "course_lib" / "sheets" / "gradients.py", "a", encoding="utf-8") as file:
        file.write(EXERCISE)
    notebook = nbformat.read(path, as_version=4)
    cells = [new.new_markdown_cell(TASK, id="landing-task"), new.new_code_cell(ANSWER, id="landing"),
             new.new_code_cell("check.landing(landing)", id="check-landing")]  # fmt: skip
    for cell, above in ((cells[1], "starts"), (cells[2], "check-starts")):
        (mark,) = (one.metadata.nbgrader for one in notebook.cells if one.id == above)
        cell.metadata.nbgrader = mark | {"grade_id": cell.id} | ({"points": 1} if mark.grade else {})
    notebook.cells[-1:-1] = cells
    title = notebook.cells[0].source
    for old, said in (("Ten exercises", "Eleven exercises"), ("26 points", "27 points"), ("125", "130")):
        assert title.count(old) == 1
        title = title.replace(old, said)
    notebook.cells[0].source = title
    notebook.cells[-1].source = notebook.cells[-1].source.replace("26 is all", "27 is all")
    nbformat.write(notebook, path)
    readme = course / "README.md"
    link = f"[sheet](exercises/{SHEET}.ipynb), "
    readme.write_text(readme.read_text(encoding="utf-8").replace(f"{link}125", f"{link}130"), encoding="utf-8")
    python(course, "-m", "tools.refresh", f"solutions/{SHEET}.ipynb")
    python(course, "-m", "tools.exercises")
    assert "2.11 Home in one step" in (course / "exercises" / f"{SHEET}.ipynb").read_text(encoding="utf-8")
    concerned = "landing or agrees and gradients or points and 02_gradients or how_long or minutes_of_lessons or ruff"
    files = [f"tests/test_{file}.py" for file in ("sheets", "notebooks", "way", "house")]
    said = passes(course, "-p", "no:nbval", "--override-ini=addopts=--import-mode=importlib", "-k", concerned, *files)
    assert "test_each_mistake_loses_points[gradients-landing]" in said
    assert all(f"{file}::" in said for file in files)
