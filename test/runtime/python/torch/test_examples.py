"""Examples in PyTorch do what they say."""

import pathlib
import re
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).resolve().parents[4] / "examples"


def test_the_average_of_series(tmp_path):
    picture = tmp_path / "average.svg"
    out = subprocess.run([sys.executable, EXAMPLES / "dtw/average.py", "--plot", picture], check=True, text=True,
                         stdout=subprocess.PIPE).stdout  # fmt: skip
    first, last, peak = map(float, re.match(r"loss (\S+) -> (\S+) in \d+ evaluations; the peak is (\S+)", out).groups())
    # A bump like those that it averages, whose peaks are 1.
    assert last < 0.05 * first and abs(peak - 1) < 0.15
    assert "<svg" in picture.read_text()
