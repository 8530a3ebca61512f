"""Makes runs.npz, the table of runs of lesson 11, in about two minutes: python -m course_lib.data.runs

A run counts as sure if a start that is moved by 1e-13 changes no loss by more than one part in ten million, and no
accuracy. What another machine rounds otherwise moves it less.
"""

from itertools import product
from pathlib import Path

import numpy as np

from course_lib.choosing import METHODS, SCHEDULES, SEEDS, measured


def row(method, schedule, seed):
    """(questions, looks, rates), and for each rate whether it is sure."""
    once, again = measured(method, schedule, seed), measured(method, schedule, seed, nudge=1e-13)
    return once, np.isclose(again, once, rtol=1e-7, atol=0).all(axis=(0, 1))


if __name__ == "__main__":
    rows = [row(*which) for which in product(METHODS, SCHEDULES, range(SEEDS))]
    shape = len(METHODS), len(SCHEDULES), SEEDS
    runs, sure = (np.reshape(part, (*shape, *np.shape(part)[1:])) for part in zip(*rows))
    np.savez_compressed(Path(__file__).with_name("runs.npz"), runs=runs.astype(np.float32), sure=sure)
