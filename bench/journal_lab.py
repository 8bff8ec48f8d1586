"""What the journal's crash tests share: the program under test, and a disk that can lose power.

The disk is a file behind nbdkit's write-back cache, shown as a block device (nbdfuse and a loop
device) with a file system on it. What was flushed is in the file; what was only written is in the
memory of nbdkit, so killing nbdkit is a power cut. Needs root and, on Debian, the packages nbdkit,
libnbd-bin, fuse3 and e2fsprogs.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISK_ERROR = 74  # what the program exits with after the first error of the disk
PATIENCE_S = 30


def build(example="torture"):
    """Builds an example of the journal in release mode and returns its path."""
    command = ["cargo", "build", "--release", "-p", "dirigent-journal", "--example", example,
               "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [json.loads(line).get("executable") for line in lines.splitlines()]
    return [path for path in found if path][-1]


class Torture:
    """One run of the torture program, and what it said."""

    def __init__(self, program, db, *options):
        self.kept, self.acknowledged, self.opened = {}, {}, None
        self.count = 0
        self.ready = threading.Event()
        self.process = subprocess.Popen([program, str(db), *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.errors = []
        self.listeners = [threading.Thread(target=self._listen), threading.Thread(target=self._complain)]
        for listener in self.listeners:
            listener.start()

    def _listen(self):
        for line in self.process.stdout:
            if not line.endswith("\n"):
                continue  # cut off by the kill
            first, *rest = line.split()
            if first == "kept":
                self.kept[rest[0]] = int(rest[1])
            elif first == "opened":
                self.opened = " ".join(rest)
                self.ready.set()
            else:
                self.acknowledged[first] = int(rest[0])
                self.count += 1
        self.ready.set()

    def _complain(self):
        self.errors.extend(self.process.stderr)

    def wait_opened(self):
        """Waits until the journal is open; False if the program ended instead."""
        self.ready.wait(PATIENCE_S)
        return self.opened is not None

    def wait_count(self, count):
        """Waits until so many events were acknowledged, or the program ended."""
        for _ in range(PATIENCE_S * 1000):
            if self.count >= count or self.process.poll() is not None:
                return
            time.sleep(0.001)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.end()

    def wait_end(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def end(self):
        """Waits until the program ended and all it said was read; its exit code."""
        code = self.process.wait(PATIENCE_S)
        for listener in self.listeners:
            listener.join()
        return code

    def error(self):
        return "".join(self.errors).strip()


class Ledger:
    """What was acknowledged so far, and what of it was lost."""

    def __init__(self):
        self.acknowledged, self.total, self.lost, self.rounds_with_loss = {}, 0, 0, 0

    def compare(self, kept):
        """Counts acknowledged events that are not there; what is there counts from now on."""
        lost = sum(max(0, last - kept.get(thread, 0)) for thread, last in self.acknowledged.items())
        self.lost += lost
        self.rounds_with_loss += lost > 0
        self.acknowledged = dict(kept)
        return lost

    def forget(self):
        """The journal is gone: all of it is lost."""
        return self.compare({})

    def note(self, torture):
        self.acknowledged.update(torture.acknowledged)
        self.total += torture.count


class Disk:
    """A mounted folder on a disk with a volatile write cache."""

    def __init__(self, size_mib=256):
        self.home = Path(tempfile.mkdtemp(prefix="journal-disk-"))
        self.folder = self.home / "mounted"
        self.image, self.socket = self.home / "image", self.home / "socket"
        self.fuse, self.failing = self.home / "fuse", self.home / "failing"
        self.folder.mkdir()
        self.fuse.mkdir()
        self.loop = self.nbdfuse = self.nbdkit = None
        subprocess.run(["truncate", "-s", f"{size_mib}M", self.image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        self.power_on()

    def power_on(self):
        pid_file = self.home / "nbdkit.pid"
        for stale in (self.socket, pid_file):
            stale.unlink(missing_ok=True)
        subprocess.run(["nbdkit", "-P", pid_file, "-U", self.socket, "--filter=error",
                        "--filter=cache", "file", self.image, "cache=writeback", "error-rate=0%",
                        "error-pwrite=EIO", "error-pwrite-rate=100%",
                        f"error-pwrite-file={self.failing}"], check=True)
        # It answers before it has written down who it is.
        self._until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
        self.nbdkit = int(pid_file.read_text())
        device = self.fuse / "disk"
        self.nbdfuse = subprocess.Popen(["nbdfuse", device, "--unix", self.socket],
                                        start_new_session=True, stderr=subprocess.DEVNULL)
        self._until(lambda: device.exists() and device.stat().st_size > 0)
        self.loop = subprocess.run(["losetup", "-f", "--show", device], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.strip()
        subprocess.run(["mount", self.loop, self.folder], check=True)

    def cut(self):
        """Everything that was not flushed is gone; the folder is still there, and fails."""
        os.kill(self.nbdkit, signal.SIGKILL)
        self._until(lambda: not running(self.nbdkit))

    def power_off(self):
        """Cuts the power and takes the folder away."""
        if running(self.nbdkit):
            self.cut()
        self._detach()

    def fail_writes(self, failing):
        self.failing.touch() if failing else self.failing.unlink(missing_ok=True)

    def remove(self):
        self.fail_writes(False)
        subprocess.run(["umount", self.folder], stderr=subprocess.DEVNULL)
        self._detach()
        if self.nbdkit and running(self.nbdkit):
            os.kill(self.nbdkit, signal.SIGTERM)
            self._until(lambda: not running(self.nbdkit))
        shutil.rmtree(self.home)

    def _detach(self):
        quiet = {"stderr": subprocess.DEVNULL}
        subprocess.run(["umount", "-l", self.folder], **quiet)
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop], **quiet)
        if self.nbdfuse:
            self.nbdfuse.kill()
            self.nbdfuse.wait()
        subprocess.run(["umount", "-l", self.fuse], **quiet)
        self.loop = self.nbdfuse = None

    @staticmethod
    def _until(holds):
        for _ in range(PATIENCE_S * 100):
            if holds():
                return
            time.sleep(0.01)
        raise TimeoutError("the disk did not answer")


def running(pid):
    """Whether there is such a process; one that only waits to be reaped is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False
