"""The live figures: they follow the hand.

`race` and the other functions below are the lessons' own. A new one is a `Figure` of panels, controls and a function
from the controls to arrays::

    from course_lib.live import Figure, Lines, Panel, Slider

    def compute(lr):
        return {"height": descend(gd, f, f.start, 50, lr=lr)}

    Figure("Too fast", [Panel("Height", [Lines("height", ["gd"])], x=(0, 50), y=(-2, 2))],
           [Slider("lr", "learning rate", 0, 2.2, 0.1)], compute, task="Move the rate until the ball is lost.")
"""

from course_lib.live.figure import Figure
from course_lib.live.lesson00 import race
from course_lib.live.lesson01 import sandwich
from course_lib.live.lesson02 import basins, learning_rate
from course_lib.live.lesson03 import noise_board
from course_lib.live.lesson04 import look_ahead, momentum_map
from course_lib.live.lesson05 import inspector, rotation
from course_lib.live.lesson06 import saddle_slice
from course_lib.live.lesson07 import ellipse
from course_lib.live.lesson08 import depth
from course_lib.live.lesson09 import planes
from course_lib.live.lesson10 import late
from course_lib.live.lesson11 import headlines
from course_lib.live.parts import (
    Arrows,
    Bars,
    Choice,
    Contours,
    Heat,
    Lines,
    Marks,
    Panel,
    Player,
    Point,
    Slider,
    Toggles,
)
