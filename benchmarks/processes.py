"""Groups of processes whose CPU time and memory are counted together: by a cgroup where one can be made, else from /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

_TICKS = os.sysconf("SC_CLK_TCK")
_CGROUPS = Path("/sys/fs/cgroup")


class Group:
    """Started processes with all their children. Use it as a context: at its end they are stopped."""

    def __init__(self, name: str, logs: Path) -> None:
        self.name, self._logs = name, logs
        self._processes: list[subprocess.Popen[bytes]] = []
        self._cgroup = _make_cgroup(f"meshline-bench-{os.getpid()}-{name}")

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        if self._cgroup is not None:
            _remove(self._cgroup)

    def start(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        directory: Path,
        shim: Path | None = None,
        slow_us: int = 0,
        user: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start one. With `slow_us` every fsync of it takes that many microseconds longer."""
        slow = {"LD_PRELOAD": str(shim), "SLOWFSYNC_US": str(slow_us)} if slow_us else {}
        with (self._logs / f"{self.name}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                env={**environment, **slow},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        self._processes.append(process)
        if self._cgroup is not None:
            (self._cgroup / "cgroup.procs").write_text(str(process.pid))  # before it has children
        return process

    def cpu_seconds(self) -> float:
        """What all of them have used so far, those that have ended included where a cgroup counts."""
        if self._cgroup is not None:
            return _cgroup_seconds(self._cgroup)
        return sum(_cpu_of(pid) for pid in self._everybody())

    def peak_mb(self) -> float:
        """The sum of what each running process took at most."""
        return sum(_peak_of(pid) for pid in self._everybody())

    def alive(self) -> bool:
        """Whether every one that was started still runs."""
        return all(process.poll() is None for process in self._processes)

    def last_words(self) -> str:
        """The end of the logs."""
        logs = sorted(self._logs.glob(f"{self.name}-*.log"))
        return "\n".join(log.read_text(errors="replace")[-600:] for log in logs)

    def stop(self, *, with_signal: int = signal.SIGTERM, patience: float = 20) -> None:
        """End them in the reverse order, those that do not listen by force."""
        for process in reversed(self._processes):
            _tell(process, with_signal)
        end = monotonic() + patience
        for process in self._processes:
            try:
                process.wait(max(0.1, end - monotonic()))
            except subprocess.TimeoutExpired:
                _tell(process, signal.SIGKILL)
                process.wait(5)
        self._processes.clear()

    def _everybody(self) -> list[int]:
        parents = _parents()
        found = [process.pid for process in self._processes]
        for pid in found:  # grows while it is read
            found += [child for child, parent in parents.items() if parent == pid]
        return found


def run_to_end(what: str, command: Sequence[str | Path], environment: Mapping[str, str], *, directory: Path) -> None:
    """Run a step of preparation. Raises SystemExit with its last words when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environment, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{what} cannot be prepared:\n{done.stdout[-800:]}\n{done.stderr[-800:]}")


def wait_for(what: str, ready: Callable[[], bool], *, group: Group, seconds: float = 90) -> None:
    """Ask until it is so. Raises SystemExit with the group's last words when one of it has ended or it takes too long."""
    end = monotonic() + seconds
    while not ready():
        if monotonic() > end or not group.alive():
            raise SystemExit(f"{what} does not come up:\n{group.last_words()}")
        sleep(0.05)


def _tell(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _make_cgroup(name: str) -> Path | None:
    parents = (_CGROUPS / "cpuacct", _CGROUPS)  # version 1 and version 2
    for parent in parents:
        path = parent / name
        with contextlib.suppress(OSError):
            path.mkdir(exist_ok=True)
            if any((path / counter).exists() for counter in ("cpuacct.usage", "cpu.stat")):
                return path
            path.rmdir()
    return None


def _remove(cgroup: Path) -> None:
    for _ in range(40):  # the last of its processes may not be buried yet
        with contextlib.suppress(OSError):
            cgroup.rmdir()
            return
        sleep(0.05)


def _cgroup_seconds(cgroup: Path) -> float:
    old = cgroup / "cpuacct.usage"
    if old.exists():
        return int(old.read_text()) / 1e9
    counters = dict(line.split() for line in (cgroup / "cpu.stat").read_text().splitlines())
    return int(counters["usage_usec"]) / 1e6


def _stat(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _parents() -> dict[int, int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return {pid: int(words[1]) for pid in pids if (words := _stat(pid))}


def _cpu_of(pid: int) -> float:
    words = _stat(pid)
    return sum(map(int, words[11:15])) / _TICKS if words else 0.0  # its own, and that of children it has waited for


def _peak_of(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
