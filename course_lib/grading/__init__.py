"""Marks a class's sheets without trusting what is marked.

A submission is data: its answers are taken out of it and run between our own cells, in a process that can do nothing
but compute. Only plain values come back, and what they are worth is decided outside, by properties.

    read          our sheet, and the answers found in a submission, whatever has become of it
    sandbox       how the process is closed in: bubblewrap, Docker, or in so many words not at all
    worker        the one file that runs in there
    remote        a learner's function, as it looks from out here
    properties    the hidden checks, one module for each sheet
    marks         `grade_one`: a file in, marks out
"""
