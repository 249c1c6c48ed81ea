"""Files and data frames to a `Frame`: `read_frame`, `read_batches`, `read_stream`, `frame_of`."""

from justfit.data.files.frame import Frame as Frame
from justfit.data.files.frame import Skipped as Skipped
from justfit.data.files.objects import frame_of as frame_of
from justfit.data.files.read import read_batches as read_batches
from justfit.data.files.read import read_frame as read_frame
from justfit.data.files.read import read_stream as read_stream
