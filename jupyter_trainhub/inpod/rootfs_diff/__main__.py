"""The command line, and what comes on standard input."""

import json
import os
import resource
import signal
import sys
import threading

from .layer import Layer
from .measurement import Measurement
from .opening import DEEPEST
from .start import list_names
from .walk import say


def end_with_input() -> None:
    """Wait for the end of standard input, and end the program at once."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main(mode: str, *arguments: str) -> None:
    """Run; see the top of this file."""
    # A closed pipe ends the program as well.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.setrecursionlimit(3 * DEEPEST)
    if mode == "names":
        list_names(arguments[0])
        return
    os.nice(10)
    options = json.loads(sys.stdin.buffer.readline().decode())
    threading.Thread(target=end_with_input, daemon=True).start()
    if mode == "measure":
        measurement = Measurement(options)
        measurement.run()
        print(json.dumps(measurement.view()), flush=True)
    else:
        layer = Layer(options)
        layer.run()
        say({"done": layer.end()})


if __name__ == "__main__":
    main(*sys.argv[1:])
