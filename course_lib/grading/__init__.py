"""Marks a class's sheets without trusting what is marked.

A submission is data: bytes, until a process that is closed in has read them. What the learner wrote runs in another
one, which can do nothing but compute and has nothing to copy from. Only plain values come back, and what they are worth
is decided outside of it, by properties. The process that you start sees bytes of bounded size, and marks.

    unit          a sheet with all that judges it
    read          our sheet, and the answers found in a submission, whatever has become of it
    program       the cells that are run
    judge         the process that reads and judges
    remote        a learner's function, as it looks from there
    worker        the one file that runs where the answers run
    library       the library there: without sheets, and without what is asked for
    sandbox       how both are closed in: bubblewrap, Docker, or in so many words not at all
    relay         passes their messages, keeps the clock
    variants      a sheet with other numbers
    marks         `grade_one`: a file in, marks out
    batch         `grade_class`: a class in, results out
    feedback      the page of a learner
    formulas      words on it with their formulas set
"""
