"""Runs a program and looks at each of its system calls that changes files: to count them, to kill
the program at one, to let one fail, or to write all of them down.

Calls are counted over all threads of the process, in the order in which they begin; a tool that
counts for each thread apart never reaches the later calls of the busy ones. Programs that it
starts are left alone. Needs Linux on x86-64 and the right to trace (root, or `ptrace_scope` 0).
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import subprocess
import time
from dataclasses import dataclass

KILL = "kill"

# What the calls are about: a file descriptor (its argument's number) or a path (folder, name).
FD = {1: "write", 18: "pwrite64", 20: "writev", 74: "fsync", 75: "fdatasync", 77: "ftruncate",
      91: "fchmod", 285: "fallocate", 296: "pwritev"}
AT = {257: "openat", 258: "mkdirat", 263: "unlinkat"}
PLAIN = {2: "open", 76: "truncate", 82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat",
         86: "link", 87: "unlink", 90: "chmod"}
TWO_AT = {264: "renameat", 265: "linkat", 316: "renameat2"}
LSEEK = 8
CALLS = {**FD, **AT, **PLAIN, **TWO_AT, LSEEK: "lseek"}

TRACEME, POKEUSER, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 6, 24, 0x4200, 0x420E
GOOD_TRAPS, THREADS, EXEC, DIE_WITH_TRACER = 1, 8, 16, 1 << 20
ALL_CHILDREN = 0x40000000  # __WALL: threads as well
ENTRY, EXIT = 1, 2
ORIG_RAX, RAX = 15 * 8, 10 * 8

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


@dataclass
class Call:
    """One system call: its name, the path it is about, its arguments, and what it returned."""

    name: str
    path: str
    arguments: tuple
    thread: int
    to: str = ""
    result: int = None
    injected: int = 0
    memory: object = None  # reads the memory of the process: address, size

    def __str__(self):
        return f"{self.name} {os.path.basename(self.path)}"


class Watcher:
    """Looks at the calls about paths that begin with `folder`; subclasses say what then."""

    def __init__(self, folder):
        self.folder = os.path.realpath(folder)

    def wants(self, call):
        return call.path.startswith(self.folder) and call.name != "lseek"

    def enter(self, call):
        """Before the call: nothing, KILL, or the number of an error it is to fail with."""

    def leave(self, call):
        """After the call."""


class At(Watcher):
    """Does `what` at the call number `count`, and again at the `more` calls after it."""

    def __init__(self, folder, count, what, more=0, only=lambda call: True):
        super().__init__(folder)
        self.count, self.what, self.more, self.only = count, what, more, only
        self.seen, self.hit, self.hit_at = 0, None, None

    def enter(self, call):
        if not self.only(call):
            return None
        self.seen += 1
        if not self.count <= self.seen <= self.count + self.more:
            return None
        if self.hit is None:
            self.hit, self.hit_at = call, time.monotonic()
        return self.what


def run(command, watcher, seconds=60, **options):
    """Runs `command` to its end under `watcher`; the process with its exit code."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise SystemExit("tracing needs Linux on x86-64")
    process = subprocess.Popen(command, preexec_fn=_be_traced, **options)
    process.returncode = _Tracee(process.pid, watcher, time.monotonic() + seconds).loop()
    return process


def _be_traced():
    LIBC.ptrace(TRACEME, 0, None, None)


def _ptrace(request, thread, address=None, value=None):
    """False if the thread is gone, which can happen at any time."""
    done = LIBC.ptrace(request, thread, address, value)
    if done < 0 and ctypes.get_errno() not in (0, errno.ESRCH):
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
    return done >= 0


class _Tracee:
    def __init__(self, leader, watcher, deadline):
        self.leader, self.watcher, self.deadline = leader, watcher, deadline
        self.calls = {}  # what each thread is in
        self.info = ctypes.create_string_buffer(88)

    def loop(self):
        _, status = os.waitpid(self.leader, ALL_CHILDREN)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        options = GOOD_TRAPS | THREADS | EXEC | DIE_WITH_TRACER
        _ptrace(SETOPTIONS, self.leader, None, options)
        _ptrace(SYSCALL, self.leader)
        while True:
            thread, status = os.waitpid(-1, ALL_CHILDREN)
            if not os.WIFSTOPPED(status):
                if thread == self.leader:
                    return os.waitstatus_to_exitcode(status)
                continue
            if time.monotonic() > self.deadline:
                os.kill(self.leader, signal.SIGKILL)
                self.deadline += 3600
            _ptrace(SYSCALL, thread, None, self.signal(thread, status))

    def signal(self, thread, status):
        """Handles a stop; the signal to pass on."""
        stop = os.WSTOPSIG(status)
        if stop == signal.SIGTRAP | 0x80:
            self.at_call(thread)
            return 0
        # A trap tells of a new thread or program, a stop is how a new thread begins.
        return 0 if stop in (signal.SIGTRAP, signal.SIGSTOP) else stop

    def at_call(self, thread):
        if not _ptrace(GET_SYSCALL_INFO, thread, 88, ctypes.addressof(self.info)):
            return
        if self.info.raw[0] == EXIT:
            call = self.calls.pop(thread, None)
            if call:
                self.leave(call)
            return
        number, *arguments = struct.unpack_from("<7Q", self.info.raw, 24)
        if number in CALLS:
            self.enter(thread, number, arguments)

    def enter(self, thread, number, arguments):
        path, to = self.paths(number, arguments)
        call = Call(CALLS[number], path, arguments, thread, to, memory=self.memory)
        if not self.watcher.wants(call):
            return
        self.calls[thread] = call
        what = self.watcher.enter(call)
        if what == KILL:
            os.kill(self.leader, signal.SIGKILL)
        elif what:
            call.injected = what
            _ptrace(POKEUSER, thread, ORIG_RAX, ctypes.c_void_p(-1))

    def leave(self, call):
        if call.injected:
            _ptrace(POKEUSER, call.thread, RAX, ctypes.c_void_p(-call.injected))
            call.result = -call.injected
        else:
            (call.result,) = struct.unpack_from("<q", self.info.raw, 24)
        self.watcher.leave(call)

    def paths(self, number, arguments):
        """The path that a call is about, and the second one of those that have two."""
        if number in FD or number == LSEEK:
            return self.link(arguments[0]), ""
        if number in AT:
            return self.path(arguments[0], arguments[1]), ""
        if number in TWO_AT:
            return self.path(*arguments[:2]), self.path(*arguments[2:4])
        here = ctypes.c_uint64(-100).value
        second = self.path(here, arguments[1]) if number in (82, 86) else ""
        return self.path(here, arguments[0]), second

    def path(self, folder, name):
        text = self.memory(name, 4096).split(b"\0", 1)[0].decode(errors="replace")
        fd = ctypes.c_int32(folder & 0xFFFFFFFF).value
        base = self.link(fd) if fd >= 0 else self.link("../cwd")
        return os.path.normpath(os.path.join(base, text))

    def link(self, name):
        try:
            return os.readlink(f"/proc/{self.leader}/fd/{name}" if name != "../cwd"
                               else f"/proc/{self.leader}/cwd")
        except OSError:
            return ""

    def memory(self, address, size):
        """Up to `size` bytes of the process; less at the end of a mapping."""
        with open(f"/proc/{self.leader}/mem", "rb", buffering=0) as memory:
            pieces = []
            while size > 0:
                # Not across a page, as the next one may not be there.
                piece = min(size, 4096 - address % 4096)
                try:
                    memory.seek(address)
                    pieces.append(memory.read(piece))
                except OSError:
                    break
                address, size = address + piece, size - piece
            return b"".join(pieces)
