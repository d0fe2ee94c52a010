#!/usr/bin/env python3
"""Real power cuts: an ext4 file system in a file is shut down under the running job, mounted again, and the job goes on.

usage: power.py BINARY [--cuts N] [--seed N]
The shutdown drops everything that was not synced, as a power cut does (ioctl EXT4_IOC_SHUTDOWN without a log flush). Needs root and
loop devices; says so and ends with exit code 77 where they are not to be had.
"""
import argparse
import fcntl
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile

from lab import Lab, Wrong, report, sleep_until_busy

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
SKIPPED = 77


def sh(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Disk:
    """An ext4 file system in a file, mounted on a folder."""

    def __init__(self, folder):
        self.image, self.mounted = folder / "disk.img", folder / "disk"
        self.mounted.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(256 << 20)
        sh("mkfs.ext4", "-q", str(self.image))
        self.mount()

    def mount(self):
        sh("mount", "-o", "loop", str(self.image), str(self.mounted))

    def cut(self):
        fd = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def unmount(self):
        sh("umount", str(self.mounted))


def life(binary, folder, rng, wanted):
    """Runs one job to its end through as many power cuts as come; gives their number."""
    disk = Disk(folder)
    cuts = 0
    try:
        lab = Lab(binary, disk.mounted / "lab", rows=4000, seed=rng.randrange(1 << 30))
        while cuts < wanted:
            process = lab.start()
            sleep_until_busy(lab, rng.uniform(0, 0.5))
            if process.poll() is not None:
                break
            disk.cut()
            cuts += 1
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            lab.log.close()
            disk.unmount()
            disk.mount()
        lab.finish()
        lab.check()
    finally:
        subprocess.run(["umount", str(disk.mounted)], check=False, stderr=subprocess.DEVNULL)
        disk.image.unlink()
        disk.mounted.rmdir()
    return cuts


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("binary")
    options.add_argument("--cuts", type=int, default=50)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    o = options.parse_args()
    rng = random.Random(o.seed)
    cuts, passed, failures = 0, 0, []
    with tempfile.TemporaryDirectory(prefix="streamrun-power-") as name:
        folder = pathlib.Path(name)
        try:
            probe = Disk(folder)
            probe.unmount()
            probe.image.unlink()
            probe.mounted.rmdir()
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            print(f"power: no loop device or no right to mount here: {error}")
            sys.exit(SKIPPED)
        while cuts < o.cuts and not failures:
            try:
                cuts += life(o.binary, folder, rng, min(12, o.cuts - cuts))
                passed += 1
            except Wrong as wrong:
                failures.append(f"seed {o.seed}, after {cuts} cuts: {wrong}")
    print(f"{cuts} power cuts, seed {o.seed}")
    sys.exit(report("power", passed, failures))


if __name__ == "__main__":
    main()
