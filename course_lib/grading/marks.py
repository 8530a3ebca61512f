"""A file in, marks out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How long and how large a submission may be.

    cell, call, total: seconds of wall clock for one cell, for one call of an answer, for the whole submission.
    memory: bytes for the process. line: bytes of one value. file: bytes of a submission.
    """

    cell: float = 60.0
    call: float = 10.0
    total: float = 300.0
    memory: int = 2**30
    line: int = 2**24
    file: int = 2**25


def grade_one(path, unit, *, sandbox="bwrap", seed=0, limits=Limits(), learner=None):  # noqa: B008
    """The marks of one submission, as a dict that JSON can hold. It raises nothing, whatever the submission is.

    path: the notebook handed in. unit: name of the sheet, such as "04_momentum".
    sandbox: "bwrap", "docker" or "none". seed: int from which the hidden inputs are drawn.
    learner: name; by default that of the file's folder.
    Returns
        learner, file, sha256 (of the file; "" if it cannot be read), unit, checks (hash of all that judges), seconds
        state: "graded", or "needs a person" if anything at all does
        reasons: why, in sentences
        marks: a dict for each graded cell of our sheet, in its order:
            id (of the graded cell, nbgrader's grade_id), check (its name, "" for a text), title, section (of the
            lesson, to read again), points, marks (None unless state is "graded" or "blank"),
            state: "graded", "blank", "by hand" (a text that somebody has to read), or "needs a person"
            note: a sentence, or ""
            properties: [{"says": sentence, "held": bool}]
        texts: {id of the graded cell: the text to mark by hand}
    """
    raise NotImplementedError
