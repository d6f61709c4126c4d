"""Runs a program at a terminal and answers its first question.

    python3 at_terminal.py KEYS PROGRAM ARGUMENT...

prints what the terminal shows, and ends with the program's exit code. KEYS is
what a person presses after the question, as a JSON string.
"""

import json
import os
import pty
import sys

keys, *program = sys.argv[1:]
process, terminal = pty.fork()
if process == 0:
    os.execvp(program[0], program)
shown = b""
asked = False
while True:
    try:
        shown += os.read(terminal, 4096)
    except OSError:  # The program has ended.
        break
    if b"? [y/N]" in shown and not asked:
        os.write(terminal, json.loads(keys).encode())
        asked = True
_, status = os.waitpid(process, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
