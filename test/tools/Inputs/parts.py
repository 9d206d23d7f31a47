"""The names of what a trace has measured, each once."""

import json
import sys

with open(sys.argv[1]) as trace:
    events = json.load(trace)["traceEvents"]
print("\n".join(sorted({event["name"] for event in events if event.get("dur")})))
