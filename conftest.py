"""Notebooks under test neither read nor write the predictions of whoever tests them; a busy machine fails no test."""

import os

from hypothesis import settings

os.environ["COURSE_ANSWERS"] = os.devnull
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two tests run at a time: more threads would only wait for each other
settings.register_profile("course", deadline=None)  # else an example that takes 0.2 s counts as a failure
settings.load_profile("course")
