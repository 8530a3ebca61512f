"""Notebooks under test neither read nor write the predictions of whoever tests them."""

import os

os.environ["COURSE_ANSWERS"] = os.devnull
