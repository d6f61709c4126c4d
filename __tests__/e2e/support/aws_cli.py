"""The AWS CLI in processes that need not load it: each is a copy of this one.

    python3 aws_cli.py SOCKET PROGRAM

writes PROGRAM, which runs the AWS CLI like `aws`, prints a line, and ends when
its standard input closes; then it removes the folder of SOCKET. PROGRAM sends
its files, its folder, its arguments and its environment to SOCKET, and receives
the exit code. Loading the CLI takes 0.5 s of CPU time, a copy 0.1 s (measured).
"""

import functools
import os
import shutil
import signal
import socket
import sys
from contextlib import redirect_stderr, redirect_stdout
from threading import Thread

try:
    from awscli.clidriver import main
    from botocore.loaders import JSONFileLoader
except ModuleNotFoundError:
    sys.exit()  # the AWS CLI is another program

CALLS = ("iam list-users", "sts get-caller-identity", "ec2 describe-regions")

# Without modules that take time to load.
PROGRAM = """#!{python} -IS
import sys, posix, _socket
server = _socket.socket(_socket.AF_UNIX)
server.connect({path!r})
files = (0).to_bytes(4, sys.byteorder) + (1).to_bytes(4, sys.byteorder) + (2).to_bytes(4, sys.byteorder)
server.sendmsg([b" "], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
arguments = [argument.encode(errors="surrogateescape") for argument in sys.argv[1:]]
variables = [name + b"=" + value for name, value in posix.environ.items()]
server.sendall(b"\\0".join([posix.getcwdb(), b"%d" % len(arguments), *arguments, *variables]))
server.shutdown(_socket.SHUT_WR)
posix._exit(server.recv(1)[0])
"""


def load():
    """Load what calls of the CLI need, by calls that reach nothing."""
    JSONFileLoader.load_file = functools.cache(JSONFileLoader.load_file)
    nowhere = {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    os.environ.update(nowhere)
    with open(os.devnull, "w") as ignored:
        with redirect_stdout(ignored), redirect_stderr(ignored):
            for call in CALLS:
                sys.argv = ["aws", *call.split()]
                main()


def run(client):
    """Run the CLI for a client. Returns its exit code."""
    _, files, _, _ = socket.recv_fds(client, 1, 3)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    with client.makefile(errors="surrogateescape") as stream:
        folder, count, *rest = stream.read().split("\0")
    arguments, variables = rest[: int(count)], rest[int(count) :]
    os.chdir(folder)
    own = os.environ["AWS_DATA_PATH"]  # set by the CLI while it is loaded
    os.environ.clear()
    os.environ.update(variable.split("=", 1) for variable in variables)
    os.environ["AWS_DATA_PATH"] = own
    sys.argv = ["aws", *arguments]
    return main()


def serve(server):
    while True:
        client, _ = server.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 255
            try:
                code = run(client)
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                client.sendall(bytes([code]))
                os._exit(code)
        client.close()


if __name__ == "__main__":
    path, program = sys.argv[1:]
    load()
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(16)
    with open(program, "w", opener=lambda *how: os.open(*how, 0o755)) as file:
        file.write(PROGRAM.format(python=sys.executable, path=path))
    # The system removes the process of an ended copy.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    Thread(target=serve, args=(server,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    shutil.rmtree(os.path.dirname(path))
