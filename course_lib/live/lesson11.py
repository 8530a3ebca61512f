"""Choosing: one table of runs, and a headline for every way to read it."""

import numpy as np

from course_lib.choosing import LOOKS, METHODS, QUESTIONS, RATES, SEEDS, expected_best, interval, runs
from course_lib.live.figure import Figure
from course_lib.live.parts import Bars, Choice, Lines, Panel, Slider, Toggles
from course_lib.style import INK, SOLID, styles

NAMES = ["gd", "momentum", "lion", "nesterov", "adam", "adagrad", "rmsprop"]  # long names apart, below the bars
ROWS = [[*METHODS].index(name) for name in NAMES]
LOOKS_OF = styles(NAMES)
GUESS = np.log(10)  # the loss of a guess among ten digits; a run that got lost counts as one
READINGS = {  # {text: (what the rate is chosen by, what is reported)}
    "training loss": ("training loss", "training loss"),
    "test error in %, rate chosen by training loss": ("training loss", "test accuracy"),
    "test error in %, rate chosen on validation data": ("validation accuracy", "test accuracy"),
    "test error in %, rate chosen on the test data": ("test accuracy", "test accuracy"),
}


def headlines():
    """Seven methods from the table of runs: who is best, by what is asked, searched and paid for.

    A method's rate is the best of so many trials from the range, by the mean over the seeds; the bar is what that gives
    on average over all choices of trials, and the line its 95 % interval over the seeds. A range whose ends have
    changed places is read from the smaller to the larger.

    Returns a Figure.
    """

    def compute(reading, schedule, look, low, high, trials, seeds):
        scores, spread = told(*reading, schedule, look, (low, high), round(trials), round(seeds))
        at = np.arange(len(NAMES))
        lines = np.stack([np.stack([at, at], axis=1), spread], axis=1)
        top = 1.15 * max(scores.max(), np.nanmax(spread, initial=0.0))
        means = errors(reading[1])[ROWS, schedule, : round(seeds), look].mean(axis=1)
        drawn = np.clip(np.arange(len(RATES)), *np.flatnonzero(inside(low, high))[[0, -1]])
        curves = np.stack([np.broadcast_to(np.log10(RATES[drawn]), means.shape), means[:, drawn]], axis=1)
        heights = np.array([means.min() / 1.3, 1.3 * means.max()])
        return {"score": scores[:, None], "spread": lines, "room": [0, top], "curves": curves, "heights": heights}

    plain = [(INK, SOLID, "")] * len(NAMES)
    panels = [
        Panel(
            "Best of the trials, small is good",
            [Bars("score", NAMES, LOOKS_OF), Lines("spread", NAMES, plain, follow=False)],
            x=(-0.6, len(NAMES) - 0.4),
            y="room",
            aspect=1.25,
        ),
        Panel(
            "Every rate in the range",
            [Lines("curves", NAMES, LOOKS_OF, follow=False)],
            x=(-4.1, 1.1),
            y="heights",
            xlabel="rate, as a power of 10",
            log=True,
            aspect=1.25,
        ),
    ]
    controls = [
        Toggles(NAMES, values="score", first="is the best optimizer", looks=LOOKS_OF),
        Choice("reading", "what is asked", READINGS),
        Choice("schedule", "rate", {"constant": 0, "falling, by a cosine": 1}),
        Choice("look", "steps", {f"{n}": k for k, n in reversed([*enumerate(LOOKS)])}),
        Slider("low", "lowest rate", RATES[0], RATES[-1], RATES[0], log=True, count=len(RATES), ahead=False),
        Slider("high", "highest rate", RATES[0], RATES[-1], RATES[-1], log=True, count=len(RATES), ahead=False),
        Slider("trials", "trials", 1, len(RATES), len(RATES), count=len(RATES), ahead=False),
        Slider("seeds", "seeds", 1, SEEDS, SEEDS, count=SEEDS, ahead=False),
    ]
    task = "Make each of five methods the best one, and then count the intervals that overlap."
    return Figure("One table, many headlines", panels, controls, compute, task=task)


def told(chooser, reported, schedule, look, bounds, trials, seeds):
    """(scores (methods,), the two ends of each interval (methods, 2), NaN for a single seed)."""
    kept = inside(*bounds)
    trials = min(trials, kept.sum())
    by, says = (errors(question)[ROWS, schedule, :seeds, look][..., kept] for question in (chooser, reported))
    each = [[expected_best(one.mean(axis=0), trials, run) for run in runs_] for one, runs_ in zip(by, says)]
    spread = [interval(values)[1:] if seeds > 1 else (np.nan, np.nan) for values in each]
    return np.mean(each, axis=1), np.maximum(spread, 0)


def inside(low, high):
    """Which of the rates lie between two of them."""
    low, high = sorted((low, high))
    return ~((low > 1.001 * RATES) | (high < 0.999 * RATES))


def errors(question):
    """What is asked, as a number that is small if it is good: (methods, schedules, seeds, looks, rates)."""
    values = runs()[0][:, :, :, QUESTIONS.index(question)]
    if question.endswith("accuracy"):
        return 100 * (1 - values)
    return np.minimum(np.where(np.isnan(values), GUESS, values), GUESS)
