"""A copy of the work tree, in which files are changed."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .mutant import Mutant

# Packages that are installed in the work tree.
_LINKED = (".venv", "frontend/node_modules")


def copy_tree(root: Path, tree: Path) -> None:
    """Make `tree` equal to the files that git knows or would add, with the times of the files."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.check_output(command, cwd=root, text=True).split("\0")
    files = {file for file in listed if file and os.path.lexists(root / file)}
    for path in (*tree.rglob("*"),):
        file = path.relative_to(tree).as_posix()
        is_link = path.is_symlink()
        if (is_link or path.is_file()) and file not in files and path.suffix != ".pyc":
            path.unlink()
    for file in files:
        source, target = root / file, tree / file
        if source.is_symlink() or not target.is_file() or _key(source) != _key(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for link in _LINKED:
        (tree / link).unlink(missing_ok=True)
        (tree / link).symlink_to(root / link)


def _key(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@contextmanager
def changed_file(tree: Path, mutant: Mutant) -> Generator[None]:
    """Change a file of the copy for a while."""
    path = tree / mutant.file
    before, status = path.read_bytes(), path.stat()
    path.write_bytes(mutant.changed(before))
    try:
        yield
    finally:
        path.write_bytes(before)
        # Compiled files are valid for a time.
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
