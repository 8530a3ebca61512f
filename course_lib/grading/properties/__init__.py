"""Hidden checks: what must hold of an answer, whatever the numbers. A module for each sheet, named as in checks.

    HIDDEN = {"ema": [Property("the corrected mean of a constant series is that constant", ...), ...]}
    WITHHELD = {"optimizers": ["momentum"]}
    READ = {"ema": "2. A memory for the gradient"}

HIDDEN: name of a check of the sheet -> its properties. A check without an entry is judged by the visible check.
WITHHELD: module of course_lib -> functions that are the answer to an exercise. They work while the cells run, since
    other exercises use them, and raise NotImplementedError while the properties are tried.
READ: name of a check -> heading of the lesson's section to read again.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.checks import same


@dataclass(frozen=True)
class Property:
    """One thing that holds of every right answer.

    says: a sentence for the learner, shown if it does not hold; it gives no input and no expected value away.
    holds: (answer, rng) -> bool. The answer may be called like a function of one's own. rng: numpy Generator, from
        which all inputs are drawn. An exception means that it does not hold.
    weight: its share of the points, relative to the other properties of the check.
    needs: index of the property without which this one does not count: a trivial answer might have it by chance.
    """

    says: str
    holds: object
    weight: float = 1.0
    needs: int | None = None


def close(got, right, tolerance=1e-8):
    """Whether a result equals the right one: shape by shape, number by number, a tuple part by part."""
    return same(got, right, tolerance)


def intact(answer, *args, **hyper):
    """What an answer gives, or a ValueError if it changes an array in place. It is called with copies."""
    given = {**dict(enumerate(args)), **hyper}
    copies = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in given.items()}
    result = answer(*(copies[i] for i in range(len(args))), **{name: copies[name] for name in hyper})
    for name, value in given.items():
        if isinstance(value, np.ndarray) and not np.array_equal(value, copies[name], equal_nan=True):
            raise ValueError(f"{name} was changed in place")
    return result
