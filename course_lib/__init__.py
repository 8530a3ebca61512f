"""The small library behind the course: optimizers, the functions they descend, and the tools to look at them.

Every optimizer is one function, ``x, *memory = method(x, g, *memory, lr=...)``. Read ``optimizers`` from the top:
the file goes down like the history, and each method adds one idea to the one above it.
"""

__version__ = "1.0.0"
