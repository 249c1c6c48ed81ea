"""What each system does in its own way: locks on files, processes alive, folders brought to the disk."""

import errno
import os
import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import ctypes
    import msvcrt

    _LOCKED_BYTE = 2**40
    """Far behind what a file holds: a byte that is locked there cannot be read by others."""
    _QUERY = 0x1000
    _DENIED, _STILL_ACTIVE = 5, 259

    def lock(file: IO[bytes], *, wait: bool) -> None:
        """Lock an open file until it is closed, by this process or by its end.

        Raises:
            BlockingIOError: another process has it, and ``wait`` is False.
            OSError: the file system has no locks.
        """
        while True:
            here = file.tell()
            os.lseek(file.fileno(), _LOCKED_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EDEADLK):
                    raise
                if not wait:
                    raise BlockingIOError(error.errno, error.strerror) from error
            else:
                return
            finally:
                os.lseek(file.fileno(), here, os.SEEK_SET)

    def is_running(process: int) -> bool:
        """Whether a process of this number runs, of whatever user."""
        handle = ctypes.windll.kernel32.OpenProcess(_QUERY, False, process)
        if not handle:
            return bool(ctypes.windll.kernel32.GetLastError() == _DENIED)
        code = ctypes.c_ulong()
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return code.value == _STILL_ACTIVE

    def sync_folder(folder: Path) -> None:
        """Nothing: Windows brings a folder's entries to the disk itself."""

else:
    import fcntl

    def lock(file: IO[bytes], *, wait: bool) -> None:
        """Lock an open file until it is closed, by this process or by its end.

        Raises:
            BlockingIOError: another process has it, and ``wait`` is False.
            OSError: the file system has no locks.
        """
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_running(process: int) -> bool:
        """Whether a process of this number runs, of whatever user."""
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            pass  # there, but of another user
        return True

    def sync_folder(folder: Path) -> None:
        """Bring a folder's entries to the disk, as fsync does a file's content."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # said by file systems that cannot do this for folders
                raise
        finally:
            os.close(descriptor)
