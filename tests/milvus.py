"""Milvus servers for tests: milvus-lite as a process of its own, and the real server as it is packaged on PyPI."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.process.instance import die_with_the_tests, free_port, until

LITE = Path(sys.executable).with_name("milvus-lite")


class LiteServer:
    """milvus-lite on a free port, with a folder that outlives a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"milvus://127.0.0.1:{self.port}"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        log = self.folder.with_suffix(".log")
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [LITE, "server", "--data-dir", self.folder, "--host", "127.0.0.1", "--port", str(self.port)],
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                preexec_fn=die_with_the_tests,
            )
        until("milvus-lite listens", lambda: self._listens(log), 120)

    def _listens(self, log: Path) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise AssertionError(f"milvus-lite ended with {self._process.returncode}:\n{log.read_text()}")
        return answers(self.port)

    def kill(self) -> None:
        """SIGKILL; what it had acknowledged is in its folder."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


class RealServer:
    """Milvus 2.3.5, all of it in one process, with a folder that outlives a kill.

    The package prepares the files; it does not start what it has started before, so that is done here.
    """

    def __init__(self, folder: Path) -> None:
        import milvus

        self.port = free_port()
        self.url = f"milvus://127.0.0.1:{self.port}"
        config = milvus.MilvusServerConfig(data_dir=str(folder), proxy_port=self.port)
        config.resolve()
        milvus._initialize_data_files(str(folder))
        self.folder = folder
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        binaries = self.folder / "bin"
        self._process = subprocess.Popen(
            [binaries / "milvus", "run", "standalone"],
            cwd=self.folder,
            env={
                **os.environ,
                "DEPLOY_MODE": "STANDALONE",
                "METRICS_PORT": str(free_port()),
                "MILVUS_RUN_DIR": str(self.folder / "run"),
                "LD_LIBRARY_PATH": str(binaries),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_the_tests,
        )
        until("Milvus listens", lambda: answers(self.port), 180)

    def kill(self) -> None:
        """SIGKILL; what it had acknowledged is in its folder."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def answers(port: int) -> bool:
    """Whether a Milvus there says its version."""
    import grpc
    from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            told = milvus_pb2_grpc.MilvusServiceStub(channel).GetVersion(milvus_pb2.GetVersionRequest(), timeout=2)
        except grpc.RpcError:
            return False
    return bool(told.version)
